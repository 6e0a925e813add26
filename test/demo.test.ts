// omnipoll demo: what the README promises of it.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { hasTerminal, omnipoll, onTerminal, CLI } from "./spawned.ts";

const demo = await omnipoll(["demo"]);

test("every wait says what the kernel owes", () => {
  assert.is(demo.stderr, "");
  assert.is(demo.status, 0, demo.stdout);
  assert.match(demo.stdout, /^All 30 waits said what the kernel owes/m);
  assert.not.match(demo.stdout, /WRONG/);
});

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
  const rows = demo.stdout.split("\n").slice(1, 1 + 3 * kinds.length);
  assert.equal(
    rows.map((row) => row.split(/ {2,}/)[0]).filter((kind) => kind !== ""),
    kinds,
  );
  assert.equal(
    rows.map((row) => /select|poll|epoll/.exec(row.slice(18))?.[0]),
    kinds.flatMap(() => ["select", "poll", "epoll"]),
  );
});

test("a regular file is ready at once for select and poll, and an error for epoll", () => {
  const row = demo.stdout.split("\n").findIndex((line) => line.startsWith("regular file"));
  const [select, poll, epoll] = demo.stdout.split("\n").slice(row, row + 3);
  assert.match(select ?? "", /readable/);
  assert.match(poll ?? "", /POLLIN/);
  assert.match(epoll ?? "", /PermissionError/);
});

test("it fits 80 columns and has no colours in a pipe", () => {
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
