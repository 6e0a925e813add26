// examples/plugin-host: what each plugin did is told, and the host loses nothing by it.

import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import type { Budgets } from "../../examples/plugin-host/budgets.ts";
import { type Plugin, type Report, startPlugin } from "../../examples/plugin-host/host.ts";
import { withLimits } from "../../examples/plugin-host/module-limits.ts";
import { SANDBOXES } from "../../examples/plugin-host/sandbox.ts";
import { exampleOf, startProgram } from "../support/spawned.ts";
import { throws } from "../support/expect.ts";
import { openDescriptors } from "../support/files.ts";
import { eventually } from "../support/world.ts";

const FOLDER = new URL("../../../examples/plugin-host/plugins/", import.meta.url);
const pathOf = (name: string): string => fileURLToPath(new URL(`${name}.wasm`, FOLDER));

/** Small ones, since a plugin that wants more shall be refused soon. */
const BUDGETS: Partial<Budgets> = { callMs: 100, memoryBytes: 4 * 2 ** 20 };

/** The budgets of a plugin: processor time is short for one that uses it up, and long for others on slow machines. */
function budgetsFor(name: string): Partial<Budgets> {
  return { ...BUDGETS, processorMs: EXPECTED[name]?.how === "ended" ? 400 : 60_000 };
}

/** What a report must be; texts are parts. */
interface Expected {
  readonly how: Report["how"] | RegExp;
  readonly why: RegExp;
  readonly status?: number;
  readonly refused?: readonly string[];
  readonly output?: RegExp;
  readonly closed?: number;
}

const USED_UP: Expected = {
  how: "ended",
  why: /^it used \d+ ms of processor time, and may use 400/,
};
const DESCRIPTORS = "more than 32 descriptors at once";

const EXPECTED: Record<string, Expected> = {
  greet: {
    how: "exited",
    why: /^it exited with status 0$/,
    status: 0,
    output: /^(?=[^]*Hello, Ada!)(?=[^]*Hello, Grace!)(?=[^]*woken)/,
  },
  // Addresses that are none make @wasmer/wasi itself trap, in args_get.
  garbage: {
    how: /exited|failed/,
    why: /^it exited with status 0$|^it trapped: unreachable$/,
    output: /^\d{4} of \d{4} calls refused\n$/,
  },
  wait: {
    how: "exited",
    why: /status 3$/,
    status: 3,
    refused: ["to wait more than 100 ms in one call"],
    output: /^waiting\n0 events, errno 11\n$/,
  },
  register: {
    ...USED_UP,
    refused: [DESCRIPTORS, "more than 64 registrations at once"],
    output: /^27 opened, errno 33\n27 registered, errno 0\n37 timers, errno 48\n$/,
  },
  open: { ...USED_UP, refused: [DESCRIPTORS], output: /^14 opened, errno 33\n$/ },
  churn: USED_UP,
  // Nothing in the plugin's thread runs any more that could close them.
  spin: { ...USED_UP, output: /^spinning\n$/, closed: 5 },
  allocate: {
    how: "exited",
    why: /^it exited with status 4, with all of its 4194304 bytes of memory in use$/,
    status: 4,
    output: /^3 MiB, then no more\n$/,
  },
  fill: {
    how: "exited",
    why: /status 11$/,
    status: 11,
    refused: ["to wait more than 100 ms in one call"],
    output: /^full\n$/,
  },
  trap: { how: "failed", why: /^it trapped: unreachable$/ },
  fail: { how: "exited", why: /^it exited with status 7$/, status: 7 },
  raise: { how: "failed", why: /^it raised signal 9$/, output: /^$/ },
  flood: { ...USED_UP, refused: ["to write more than 65536 bytes"], output: /^\.{65536}$/ },
  // Its descriptors are gone, those of the process with the same numbers are not to be had.
  close: { how: "exited", why: /status 8$/, status: 8, output: /^1 closed, errno 0\n$/ },
};

function check(report: Report, expected: Expected): void {
  const shown = JSON.stringify({ ...report, output: report.output.slice(0, 200) });
  assert.match(report.how, expected.how, shown);
  assert.match(report.why, expected.why, shown);
  assert.is(report.status, expected.how === "exited" ? expected.status : report.status, shown);
  assert.equal(report.refused, expected.refused ?? [], shown);
  assert.match(report.output, expected.output ?? /^$/, shown);
  if (expected.closed !== undefined) assert.is(report.closed, expected.closed, shown);
}

/** Resolves once the process has as many descriptors as before. */
async function isBack(before: number): Promise<void> {
  const areClosed = await eventually(() => openDescriptors() <= before);
  assert.ok(areClosed, `${openDescriptors()} descriptors, ${before} before`);
}

for (const sandbox of SANDBOXES) {
  for (const [name, expected] of Object.entries(EXPECTED)) {
    test(`${name} in ${sandbox}`, async () => {
      const before = openDescriptors();
      const input = "Ada\nGrace\n";
      check(
        await startPlugin(pathOf(name), { sandbox, budgets: budgetsFor(name), input }).report,
        expected,
      );
      await isBack(before);
    });
  }

  test(`a plugin that waits for ever in ${sandbox} is ended by the host`, async () => {
    const before = openDescriptors();
    const far = { callMs: 1e9, waitMs: 1e9, processorMs: 60_000 };
    const plugin = startPlugin(pathOf("wait"), { sandbox, budgets: far });
    await hasWritten(plugin);
    plugin.end("nobody needs it any more");
    check(await plugin.report, {
      how: "ended",
      why: /^nobody needs it any more$/,
      output: /^waiting\n$/,
    });
    await isBack(before);
  });
}

/** Resolves once a plugin has written something. */
async function hasWritten({ written }: Plugin): Promise<void> {
  assert.ok(await eventually(() => written() > 0));
}

test("plugins run beside one another, and the host between them", async () => {
  const before = openDescriptors();
  const names = ["spin", "greet", "open", "wait", "flood", "fail"];
  const running = names.map((name) =>
    startPlugin(pathOf(name), { budgets: budgetsFor(name), input: "Eve" }),
  );
  const reports = await Promise.all(running.map(({ report }) => report));
  assert.equal(
    reports.map(({ name, how }) => [name, how]),
    [
      ["spin.wasm", "ended"],
      ["greet.wasm", "exited"],
      ["open.wasm", "ended"],
      ["wait.wasm", "exited"],
      ["flood.wasm", "ended"],
      ["fail.wasm", "exited"],
    ],
  );
  await isBack(before);
});

async function why(file: string): Promise<string> {
  return (await startPlugin(file).report).why;
}

test("a file that is no plugin is refused in words", async () => {
  assert.match(await why("/no/such.wasm"), /^ENOENT: no such file/);
  assert.match(await why(fileURLToPath(import.meta.url)), /^CompileError: |section|bits/);
  throws(() => startPlugin(pathOf("greet"), { budgets: { memory: 1 } as never }), TypeError);
  throws(() => startPlugin(pathOf("greet"), { budgets: { waitMs: -1 } }), RangeError);
});

/** A module of sections: number and contents. */
function moduleOf(...sections: ReadonlyArray<readonly [number, ...number[]]>): Uint8Array {
  const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  const rest = sections.map(([section, ...bytes]) => [section, bytes.length].concat(bytes));
  return Uint8Array.from([header, ...rest].flat());
}

const MEMORY = [7, 1, 1, 0x6d, 2, 0] as const;
const TABLE = [7, 1, 1, 0x74, 1, 0] as const;

/** Pages to which a memory with these limits grows in a plugin of 10 pages. */
function grown(...limits: readonly number[]): number {
  const bytes = withLimits(moduleOf([5, 1, ...limits], MEMORY), 10 * 65_536);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  const memory = instance.exports["m"] as WebAssembly.Memory;
  for (;;) {
    try {
      memory.grow(1);
    } catch {
      return memory.buffer.byteLength / 65_536;
    }
  }
}

test("the memory of a module grows to the budget, or to its own maximum if that is less", () => {
  assert.is(grown(0, 2), 10);
  assert.is(grown(1, 2, 5), 5);
  assert.is(grown(1, 2, 0x80, 0x02), 10);
});

test("the table of a module grows to 65,536 entries", () => {
  const bytes = withLimits(moduleOf([4, 1, 0x70, 0, 1], TABLE), 65_536);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  const table = instance.exports["t"] as WebAssembly.Table;
  table.grow(65_535);
  throws(() => table.grow(1), RangeError);
});

function refused(module: Uint8Array, message: RegExp): void {
  assert.match(throws(() => withLimits(module, 10 * 65_536), Error).message, message);
}

test("a module that begins with more, or has more than one, is refused", () => {
  refused(moduleOf([5, 1, 0, 11]), /the memory, in pages, begins with 11, and the most is 10/);
  refused(moduleOf([5, 2, 0, 1, 0, 1]), /one memory and one table/);
  refused(moduleOf([5, 1, 4, 1]), /of a kind that no plugin may have/);
  refused(moduleOf([5, 1, 3, 1, 2]), /of a kind that no plugin may have/);
  refused(moduleOf([4, 1, 0x70, 0, 0x81, 0x80, 0x04]), /the table begins with 65537/);
  refused(moduleOf([4, 1, 0x40, 0, 0x70, 0, 1, 0xd0, 0x70, 0x0b]), /unknown kind/);
  refused(moduleOf([5, 1, 0]), /ends in the middle/);
  refused(moduleOf([5, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), /more than 32 bits/);
});

test("every plugin of the folder has a test", () => {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith(".c"));
  assert.equal(
    files.sort(),
    Object.keys(EXPECTED)
      .map((name) => `${name}.c`)
      .sort(),
  );
});

test("the command runs plugins and says what they did", async () => {
  const args = ["--processorMs", "2000", "--input", "Zoe", pathOf("greet"), pathOf("spin")];
  const command = [exampleOf("plugin-host/main"), ...args];
  const { ended } = startProgram(process.execPath, command, { stdio: ["ignore", "pipe", "pipe"] });
  const { status, stdout } = await ended;
  assert.is(status, 0);
  assert.match(stdout, /^greet.wasm exited: it exited with status 0$/m);
  assert.match(stdout, /^ {2}\| Hello, Zoe!$/m);
  assert.match(stdout, /^spin.wasm ended: it used \d+ ms of processor time, and may use 2000 ms$/m);
  assert.match(stdout, /^the host goes on, with 0 descriptors more than before$/m);
});

test.run();
