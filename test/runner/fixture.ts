// A test file that fails in the way that FIXTURE names.

import { suite, test } from "../support/uvu.ts";

const first = suite("first");
first("one", () => {});
first.skip("two");

const second = suite("second");
second("three", () => {});

const way = process.env["FIXTURE"];
const never = new Promise<void>(() => {});
const fail = (): never => {
  throw new Error("as it must");
};

if (way === "a .only") first.only("four", () => {});
if (way === "before") second.before(fail);
if (way === "after") second.after(fail);
if (way === "fails") second("five", fail);
if (way === "is killed") second("six", () => void process.kill(process.pid, "SIGKILL"));
if (way === "exits") second("seven", () => process.exit(0));
if (way === "never ends") second("eight", () => never);
if (way === "blocks") {
  second("nine", () => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
}
if (way === "lingers" || way === "lingers, failed") setInterval(() => {}, 1000);
if (way === "lingers, failed") test("ten", fail);
if (way === "fails after its tests") {
  process.on("exit", () => {
    process.exitCode = 3;
  });
}

if (way !== "no tests") {
  first.run();
  if (way !== "no run") second.run();
  test.run();
}
