// The ground of asm/ against models in plain JavaScript: lists, ready lists and hash tables.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as fc from "fast-check";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { mkdtempSync, rmSync, tmpdir } from "../support/files.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

type Call = (...given: number[]) => number;

/** The exports of test/asm/ground.ts, compiled as the core is but without optimizing. */
async function compiled(): Promise<Record<string, Call>> {
  const folder = mkdtempSync(join(tmpdir(), "omnipoll-asm-"));
  const path = join(folder, "ground.wasm");
  try {
    const given = [
      "test/asm/ground.ts",
      "--config",
      "none",
      "--outFile",
      path,
      "--runtime",
      "stub",
    ];
    const asc = join(ROOT, "node_modules/assemblyscript/bin/asc.js");
    const { status, stderr } = spawnSync(process.execPath, [asc, ...given, "--use", "abort="], {
      cwd: ROOT,
    });
    assert.is(status, 0, stderr.toString());
    const { instance } = await WebAssembly.instantiate(readFileSync(path));
    return instance.exports as Record<string, Call>;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

let ground: Record<string, Call>;
test.before(async () => {
  ground = await compiled();
});

/** Calls an export. */
function call(name: string, ...given: number[]): number {
  return (ground[name] as Call)(...given);
}

/** The members of a list in one direction, at most `most`. */
function walk(list: number, backwards: boolean, most: number): number[] {
  const found: number[] = [];
  let at = call("listNext", list, 0, Number(backwards));
  for (; at !== 0 && found.length <= most; at = call("listNext", list, at, Number(backwards))) {
    found.push(at);
  }
  return found;
}

const MEMBERS = 6;
const moves = fc.array(fc.nat(MEMBERS - 1), { maxLength: 40 });

test("a list keeps the order of its members in both directions, wherever one leaves", () => {
  fc.assert(
    fc.property(moves, (steps) => {
      const list = call("newList");
      const members = Array.from({ length: MEMBERS }, () => call("newMember", 0));
      let model: number[] = [];
      for (const step of steps) {
        const member = members[step] as number;
        const isIn = model.includes(member);
        assert.is(call("listHas", list, member), Number(isIn));
        call(isIn ? "listRemove" : "listAppend", list, member);
        model = isIn ? model.filter((other) => other !== member) : [...model, member];
        assert.equal(walk(list, false, MEMBERS), model);
        assert.equal(walk(list, true, MEMBERS), model.toReversed());
      }
    }),
  );
});

test("a ready list has a member once, and counts", () => {
  const wish = fc.tuple(fc.boolean(), fc.nat(MEMBERS - 1));
  fc.assert(
    fc.property(fc.array(wish, { maxLength: 40 }), (steps) => {
      const list = call("newReadyList");
      const members = Array.from({ length: MEMBERS }, () => call("newMember", 0));
      let model: number[] = [];
      for (const [enters, at] of steps) {
        const member = members[at] as number;
        const isIn = model.includes(member);
        const did = call(enters ? "readyEnqueue" : "readyDequeue", list, member);
        assert.is(did, Number(enters !== isIn));
        if (enters && !isIn) model.push(member);
        if (!enters) model = model.filter((other) => other !== member);
        assert.is(call("readyCount", list), model.length);
        assert.equal(walk(list, false, MEMBERS), model);
      }
    }),
  );
});

test("a wake-up is signalled and withdrawn once, and tried again if it failed", () => {
  const [READY, IDLE] = [1, 2];
  const list = call("newReadyList");
  const member = call("newMember", 0);
  const settle = (works = true): number => call("readySettle", list, Number(works));
  assert.is(settle(), 0);
  call("readyEnqueue", list, member);
  assert.is(settle(false), READY);
  assert.is(settle(), READY);
  assert.is(settle(), 0);
  call("readyDequeue", list, member);
  assert.is(settle(), IDLE);
  assert.is(settle(), 0);
});

test("a table finds the last member of a key, whatever was removed", () => {
  const step = fc.tuple(fc.boolean(), fc.boolean(), fc.oneof(fc.nat(8), fc.integer()));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300, size: "max" }), (steps) => {
      const table = call("newTable");
      const model = new Map<number, number[]>();
      let count = 0;
      for (const [enters, inWait, key] of steps) {
        const known = model.get(key) ?? [];
        model.set(key, known);
        if (enters) {
          known.push(call("newMember", key));
          call("tableInsert", table, known.at(-1) as number, Number(inWait));
          count++;
        } else if (known.length > 0) {
          // Some other member than the one that a lookup finds, if there is one.
          call("tableRemove", table, known.shift() as number);
          count--;
        }
        assert.is(call("tableCount", table), count);
        for (const [other, members] of model) {
          assert.is(call("tableFind", table, other), members.at(-1) ?? 0);
        }
      }
    }),
    { numRuns: 30 },
  );
});

test("a table grows and shrinks with insertions, and a removal allocates nothing", () => {
  const table = call("newTable");
  const members = Array.from({ length: 1000 }, (_, key) => call("newMember", key));
  for (const member of members) call("tableInsert", table, member, 0);
  assert.is(call("tableSize", table), 1024);
  const cells = call("tableCells", table);
  for (const member of members.slice(10)) call("tableRemove", table, member);
  assert.equal([call("tableSize", table), call("tableCells", table)], [1024, cells]);
  const late = call("newMember", 5000);
  call("tableInsert", table, late, 1);
  assert.equal([call("tableSize", table), call("tableCells", table)], [1024, cells]);
  call("tableInsert", table, call("newMember", 5001), 0);
  assert.is(call("tableSize", table), 64);
  for (const [key, member] of members.slice(0, 10).entries()) {
    assert.is(call("tableFind", table, key), member);
  }
  assert.is(call("tableFind", table, 5000), late);
  assert.is(call("tableFind", table, 10), 0);
  call("tableRelease", table);
  assert.equal([call("tableSize", table), call("tableCount", table)], [0, 0]);
});

test.run();
