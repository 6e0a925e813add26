// The runner's verdict on files that go wrong.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import * as assert from "uvu/assert";
import { test } from "../support/uvu.ts";
import { runInProcess } from "./child.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import { inSources } from "./positions.ts";
import { rowsOf } from "./results.ts";
import { runAll } from "./schedule.ts";

const FIXTURE = new URL("fixture.js", import.meta.url);
const LONG_MS = 60_000;

/** Outcome of the fixture that goes wrong in one way. */
function outcomeWhen(way: string, limitMs = LONG_MS, lingerMs = LONG_MS): Promise<Outcome> {
  return runInProcess(FIXTURE, { FIXTURE: way }, { limitMs, lingerMs });
}

const endings = ({ tests }: Outcome): string[] =>
  tests.map(({ suite, name, result }) => `${suite}: ${name} ${result}`);

const ALL = ["first: two skipped", "first: one passed", "second: three passed"];

test("a file that passes", async () => {
  const outcome = await outcomeWhen("well");
  assert.equal(endings(outcome), ALL);
  assert.is(outcome.broken, "");
  assert.ok(outcome.cpuSeconds > 0);
});

test("a test that fails, with its message", async () => {
  const outcome = await outcomeWhen("fails");
  assert.equal(endings(outcome), [...ALL, "second: five failed"]);
  assert.is(outcome.tests.at(-1)?.message, "as it must");
  const stack = inSources(outcome.tests.at(-1)?.stack ?? "");
  assert.match(stack, /\(test\/runner\/fixture\.ts:\d+:\d+\)/);
  assert.match(outcome.output, /at .*\(test\/runner\/fixture\.ts:\d+:\d+\)/);
  assert.is(outcome.broken, "");
});

for (const [way, broken, tests] of [
  ["no tests", 'without .run(): "one", "three"', ALL.slice(0, 1)],
  ["no run", 'without .run(): "three"', ALL.slice(0, 2)],
  ["a .only", 'there is a .only: "four"', [ALL[0], "first: four passed", ALL[2]]],
  ["before", "the hook before of second threw: as it must", ALL.slice(0, 2)],
  ["after", "the hook after of second threw: as it must", ALL],
  ["is killed", 'ended with SIGKILL while "six" ran', ALL],
  ["exits", 'ended with 1 while "seven" ran', ALL],
  ["never ends", 'ended with 1 while "eight" ran', ALL],
  ["fails after its tests", "ended with 3", ALL],
] as const) {
  test(`a file that fails although no test does: ${way}`, async () => {
    const outcome = await outcomeWhen(way);
    assert.is(outcome.broken, broken);
    assert.equal(endings(outcome), tests);
  });
}

test("a file that blocks is killed, and its earlier results count", async () => {
  const outcome = await outcomeWhen("blocks", 5000);
  assert.is(outcome.broken, 'ended with SIGKILL while "nine" ran');
  assert.equal(endings(outcome), ALL);
});

test("a process that lingers after its last test counts by its tests", async () => {
  const outcome = await outcomeWhen("lingers", LONG_MS, 10);
  assert.is(outcome.broken, "");
  assert.equal(endings(outcome), ALL);
  const failed = await outcomeWhen("lingers, failed", LONG_MS, 10);
  assert.is(failed.broken, "");
  assert.is(failed.tests.at(-1)?.result, "failed");
});

test("a report that was cut off counts as far as it goes", () => {
  const lines = ['{"type":"begin","suite":"","name":"one"}', '{"type":"te'];
  const { broken, tests } = outcomeOf(lines, { ending: "ended", output: "", seconds: 0 });
  assert.is(broken, "no tests were run ended");
  assert.equal(tests, []);
});

test("rows lead the name of a test", () => {
  assert.equal(rowsOf("SEL-15, XC-25: no limit"), ["SEL-15", "XC-25"]);
  assert.equal(rowsOf("as in SEL-15: no limit"), []);
});

test("lanes run side by side; files that must run alone run in the end", async () => {
  const log: string[] = [];
  let running = 0;
  let most = 0;
  const tasks = ["kqueue/netdev", "a", "package/build", "b"].map((file) => ({ file, host: "x" }));
  await runAll(tasks, 2, async ({ file }) => {
    running++;
    log.push(file);
    await new Promise(setImmediate);
    if (file === "kqueue/netdev") assert.is(running, 1);
    most = Math.max(most, running);
    running--;
  });
  assert.equal(log, ["package/build", "a", "b", "kqueue/netdev"]);
  assert.is(most, 2);
});

test("the files of all hosts are spread over the run, each host's in their order", async () => {
  const log: string[] = [];
  const tasks = ["x", "y"].flatMap((host) =>
    Array.from({ length: host === "x" ? 4 : 2 }, (_, i) => ({ file: `${i}`, host })),
  );
  await runAll(tasks, 1, async ({ file, host }) => void log.push(host + file));
  assert.equal(log, ["x0", "y0", "x1", "x2", "y1", "x3"]);
});

const RUN = fileURLToPath(new URL("../run.js", import.meta.url));

for (const [args, status, said] of [
  [["no such file"], 1, /^no test file with "no such file" in its path runs on native\n/],
  [["sim/hour", "--hosts", "sim:bsd"], 1, /^no test file with "sim\/hour" .* on sim:bsd\n/],
  [["--hosts", "solaris"], 2, /^error: no host is called "solaris"\n.*npm test --/s],
  [["--lanes", "3"], 2, /^error: Unknown option '--lanes'.*npm test --/s],
] as const) {
  test(`npm test -- ${args.join(" ")} is refused`, () => {
    const ended = spawnSync(process.execPath, [RUN, ...args], { encoding: "utf8" });
    assert.is(ended.status, status);
    assert.match(status === 1 ? ended.stdout : ended.stderr, said);
  });
}

test.run();
