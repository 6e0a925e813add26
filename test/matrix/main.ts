// `npm run matrix [-- NAME…]`: runs parts of the matrix by name, all of them if none is named.
// `--within MINUTES --turn COMMIT` is for `.ci/run`: as many parts as fit, another first one for each commit.

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Command, InvalidArgumentError } from "commander";
import { type Part, PARTS } from "./parts.ts";

const DIST = new URL("../../", import.meta.url);
/** A part may take this many times its minutes: a slow machine ends, a hang does not. */
const SLOWEST = 3;
/** Minutes that a part may take beyond `--within`. */
const GRACE = 5;

function minutesOf(text: string): number {
  const minutes = Number(text);
  if (text !== "" && minutes >= 0) return minutes;
  throw new InvalidArgumentError("It must be a number of minutes.");
}

function turnOf(text: string): number {
  if (/^[0-9a-f]{7,40}$/.test(text)) return Number.parseInt(text.slice(0, 7), 16);
  throw new InvalidArgumentError("It must be the hash of a commit.");
}

const program = new Command("matrix")
  .description("Runs the tests that take longer, or need more, than npm test.")
  .argument("[name...]", "parts to run; all of them unless named")
  .option("--list", "print the parts instead", false)
  .option("--within <minutes>", "leave out parts that would not end by then", minutesOf, Infinity)
  .option("--turn <commit>", "begin with another part for each commit", turnOf, 0)
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  .parse();
const { list, within, turn } = program.opts<{ list: boolean; within: number; turn: number }>();
const names = program.args;

const unknown = names.find((name) => PARTS.every((part) => part.name !== name));
if (unknown !== undefined) {
  console.error(`matrix: there is no part ${unknown}: ${PARTS.map(({ name }) => name).join(", ")}`);
  process.exit(2);
}
if (list) {
  for (const { name, minutes, about } of PARTS) {
    console.log(`${name.padEnd(14)} ${String(minutes).padStart(3)} min  ${about}`);
  }
  process.exit();
}

interface Failure {
  readonly why: string;
  readonly tail: string;
}

const begun = performance.now();
const passedMinutes = (): number => (performance.now() - begun) / 60_000;

/** Characters of the output of a program that failed, which are printed again at the end. */
const TAIL = 3000;

/** Runs one program of a part; resolves to why it failed, and the end of its output. */
function run(part: Part, file: string, given: readonly string[]): Promise<Failure | undefined> {
  const path = fileURLToPath(new URL(file, DIST));
  const child = spawn(process.execPath, ["--expose-gc", "--enable-source-maps", path, ...given], {
    cwd: fileURLToPath(new URL("../", DIST)),
    env: { ...process.env, ...part.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let tail = "";
  for (const [from, to] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ] as const) {
    from.setEncoding("utf8").on("data", (text: string) => {
      to.write(text);
      tail = (tail + text).slice(-TAIL);
    });
  }
  const most = Math.min(part.minutes * SLOWEST, within + GRACE - passedMinutes());
  const limit = setTimeout(() => {
    child.kill("SIGKILL");
    // A program that it has started may keep the other ends open.
    child.stdout.destroy();
    child.stderr.destroy();
  }, most * 60_000);
  return new Promise((resolve) => {
    child.once("error", ({ message }) => resolve({ why: message, tail }));
    child.once("close", (status, signal) => {
      clearTimeout(limit);
      const why = `ended with ${signal ?? `status ${status}`}`;
      resolve(status === 0 ? undefined : { why, tail });
    });
  });
}

/** The parts in the order of this turn. */
function inTurn(): Part[] {
  const chosen = PARTS.filter(({ name }) => names.length === 0 || names.includes(name));
  const first = turn % chosen.length;
  return [...chosen.slice(first), ...chosen.slice(0, first)];
}

const ran: string[] = [];
const left: string[] = [];
const failed: string[] = [];
const tails: string[] = [];
for (const part of inTurn()) {
  if (passedMinutes() + part.minutes > within) {
    left.push(part.name);
    continue;
  }
  console.log(`\nmatrix: ${part.name}: ${part.about}`);
  const before = passedMinutes();
  let failure: Failure | undefined;
  for (const [file, ...given] of part.programs) failure ??= await run(part, file, given);
  if (failure !== undefined) {
    failed.push(`${part.name} ${failure.why}`);
    tails.push(`\nmatrix: the end of what ${part.name} printed:\n${failure.tail}`);
  }
  ran.push(part.name);
  const took = (passedMinutes() - before).toFixed(1);
  console.log(`matrix: ${part.name}: ${failure?.why ?? "passed"}, ${took} min`);
}
// Here, since a long output is cut in the middle by what shows it.
for (const tail of tails) console.log(tail);
console.log(`\nmatrix: ran ${ran.join(", ") || "nothing"}`);
if (left.length > 0) console.log(`matrix: no time for ${left.join(", ")}`);
if (failed.length > 0) console.log(`matrix: failed: ${failed.join("; ")}`);
console.log(`${ran.length - failed.length} passed, ${failed.length} failed`);
process.exitCode = failed.length === 0 ? 0 : 1;
