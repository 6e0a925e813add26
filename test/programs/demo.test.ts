// omnipoll demo keeps the promises of the README.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { hasTerminal, omnipoll, onTerminal, CLI } from "../support/spawned.ts";
import { DEADLINE } from "../support/world.ts";

const demo = await omnipoll(["demo"]);

test("every wait has the result that the kernel owes", () => {
  assert.is(demo.stderr, "");
  assert.is(demo.status, 0, demo.stdout);
  assert.match(demo.stdout, /^All 55 waits said what the kernel owes/m);
  assert.not.match(demo.stdout, /WRONG/);
});

const APIS = ["select", "poll", "epoll", "kqueue", "devpoll"];

/** The text of the rows of a kind, by API. */
function saidOf(kind: string): Record<string, string> {
  const lines = demo.stdout.split("\n");
  const first = lines.findIndex((line) => line.startsWith(`${kind}  `));
  const end = lines.findIndex((line, i) => i > first && !line.startsWith("    "));
  const rows = lines.slice(first, end).map((line) => line.slice(19).split(/ {2,}/));
  return Object.fromEntries(rows.map(([api = "", said = ""]) => [api, said]));
}

test("each kind is waited for through each API", () => {
  const kinds = [
    "pipe",
    "pipe, writer goes",
    "FIFO",
    "eventfd",
    "TCP, omnipoll/os",
    "TCP, node:net",
    "server, node:net",
    "child's stdout",
    "regular file",
    "nothing happens",
  ];
  const rows = demo.stdout.split("\n").slice(1, 1 + APIS.length * kinds.length);
  assert.equal(
    rows.map((row) => row.split(/ {2,}/)[0]).filter((kind) => kind !== ""),
    kinds,
  );
  assert.equal(
    rows.map((row) => row.slice(19).split(" ")[0]),
    kinds.flatMap(() => APIS),
  );
});

test("a regular file is ready at once, but an error for epoll", () => {
  const { kqueue, ...others } = saidOf("regular file");
  assert.equal(others, {
    select: "readable",
    poll: "POLLIN",
    epoll: "PermissionError",
    devpoll: "POLLIN",
  });
  assert.match(kqueue ?? "", /^READ \d{3,}$/);
});

test("kqueue says how much there is, and the end", () => {
  assert.is(saidOf("pipe")["kqueue"], "READ 5");
  assert.is(saidOf("TCP, node:net")["kqueue"], "READ 5");
  assert.is(saidOf("server, node:net")["kqueue"], "READ 1");
  assert.is(saidOf("pipe, writer goes")["kqueue"], "READ EOF");
});

test("events that only kqueue reports", () => {
  assert.equal(saidOf("timer"), { kqueue: "TIMER 1" });
  assert.equal(saidOf("signal of a child"), { kqueue: "SIGNAL 1" });
  assert.equal(saidOf("file is written"), { kqueue: "VNODE WRITE|EXTEND" });
  assert.equal(saidOf("child's end"), { kqueue: "PROC EXIT status 3" });
  assert.equal(saidOf("user event"), { kqueue: "USER 0x2a" });
});

test("the demo takes a few seconds", () => {
  const seconds = Number(/ (\d+\.\d) s\)/.exec(demo.stdout)?.[1]);
  assert.ok(seconds >= 1 && seconds < DEADLINE, String(seconds));
});

test("the demo fits 80 columns and has no colours in a pipe", () => {
  assert.ok(demo.stdout.split("\n").every((line) => line.length <= 80));
  assert.not.ok(demo.stdout.includes("\u001B"));
});

if (hasTerminal) {
  test("a terminal gets colours, unless NO_COLOR is set", async () => {
    const run = `"${process.execPath}" "${CLI}" demo`;
    const [plain, bright] = await Promise.all([
      onTerminal(`NO_COLOR=1 TERM=xterm ${run}`, "", 0),
      onTerminal(`unset NO_COLOR; TERM=xterm ${run}`, "", 0),
    ]);
    assert.is(bright.status, 0);
    assert.ok(bright.stdout.includes("\u001B[32mok"));
    assert.not.ok(plain.stdout.includes("\u001B"));
  });
} else {
  console.log("skip: colours on a terminal (script of util-linux is missing)");
}

test.run();
