// `npm run fuzz:wasi [-- options]`: random calls of the functions that a guest imports, with random addresses and
// counts. A call that throws, hangs, ends the process or changes a byte that is not its own is printed with what
// makes it again.
//
// Each group of calls runs in a process of its own, which notes each call in a file before it makes the call: so
// the call is known although the process has ended.

import { spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command, InvalidArgumentError, Option } from "commander";
import { HOST_NAMES } from "../../host/index.ts";
import { fuzz, GROUPS, textOf } from "./wasi/fuzz.ts";
import type { Group } from "./wasi/group.ts";
import { WASI_MUTANTS, type WasiMutant } from "./wasi/mutants.ts";

const CALLS = 1_000_000;
/** Calls within which the fuzzer must find a planted bug. */
const MUTANT_CALLS = 20_000;
/** A call that takes longer hangs, in seconds; with planted bugs, which other calls take no time. */
const HANGS_S = 120;
const MUTANT_HANGS_S = 10;
/** Bytes of the text of a call in the file. */
const TEXT_SIZE = 512;

function numberOf(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new InvalidArgumentError("It must be a number from 1 on.");
}

interface Options {
  readonly calls?: number;
  readonly seed: number;
  readonly jobs: number;
  readonly group?: string;
  readonly host?: string;
  readonly mutants: boolean;
  readonly inside?: string;
}

const options = new Command("fuzz:wasi")
  .description("Makes random calls of the functions that a guest imports.")
  .option(
    "--calls <n>",
    `of each group (default: ${CALLS}; ${MUTANT_CALLS} with --mutants)`,
    numberOf,
  )
  .addOption(
    new Option("--seed <n>", "the same calls again")
      .argParser(numberOf)
      .default((Date.now() % 0x7fffffff) + 1, "from the clock"),
  )
  .option("--jobs <n>", "so many groups at a time", numberOf, 1)
  .addOption(
    new Option("--group <name>", "calls of one group only").choices(GROUPS.map(({ name }) => name)),
  )
  .addOption(new Option("--host <name>", "on this host").choices([...HOST_NAMES]))
  .option("--mutants", "look for bugs planted in the functions", false)
  .addOption(new Option("--inside <file>", "fuzz in this process, and note each call").hideHelp())
  .addOption(new Option("--mutant <name>").hideHelp())
  .allowExcessArguments(false)
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  .parse()
  .opts<Options & { readonly mutant?: string }>();

const { seed } = options;
const calls = options.calls ?? (options.mutants ? MUTANT_CALLS : CALLS);
const groups = GROUPS.filter(({ name }) => options.group === undefined || name === options.group);

/** Fuzzes in this process; prints the report. */
function runInside(path: string): void {
  const file = openSync(path, "w");
  const plant = WASI_MUTANTS.find(({ name }) => name === options.mutant)?.plant;
  const report = fuzz({
    group: groups[0] as Group,
    seed,
    calls,
    ...(plant && { plant }),
    before: (i, call) => writeSync(file, `${i}: ${textOf(call)}`.padEnd(TEXT_SIZE), 0),
  });
  closeSync(file);
  process.stdout.write(JSON.stringify(report));
}

interface Found {
  readonly calls: number;
  readonly failure: string | undefined;
}

/** Fuzzes a group in a process of its own. */
async function watched(group: Group, hangsS: number, mutant?: WasiMutant): Promise<Found> {
  const folder = mkdtempSync(join(tmpdir(), "omnipoll-fuzz-"));
  const path = join(folder, "call");
  const given = ["--group", group.name, "--seed", String(seed), "--calls", String(calls)];
  const bug = mutant === undefined ? [] : ["--mutant", mutant.name];
  const program = fileURLToPath(import.meta.url);
  const child = spawn(process.execPath, [program, "--inside", path, ...given, ...bug], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...(options.host && { OMNIPOLL_HOST: options.host }) },
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text) => (output += text));
  const lastCall = (): string => {
    try {
      return readFileSync(path, "utf8").trim();
    } catch {
      return "";
    }
  };
  let last = "";
  let same = 0;
  const timer = setInterval(() => {
    const now = lastCall();
    same = now === last ? same + 1 : 0;
    last = now;
    if (same > hangsS) child.kill("SIGKILL");
  }, 1000);
  try {
    const [status, signal] = await new Promise<[number | null, string | null]>((resolve) =>
      child.once("close", (...ended) => resolve(ended)),
    );
    if (status === 0) return JSON.parse(output) as Found;
    const how =
      same > hangsS ? "does not end" : `ends the process with ${signal ?? `status ${status}`}`;
    const call = lastCall();
    const made = Number(call.split(":", 1)[0]);
    return { calls: made, failure: `${group.name}, seed ${seed}, call ${call} ${how}` };
  } finally {
    clearInterval(timer);
    rmSync(folder, { recursive: true });
  }
}

/** Fuzzes the groups, some at a time; resolves to how many have a call that does what it must not. */
async function fuzzAll(): Promise<number> {
  const left = [...groups];
  let bad = 0;
  const where = options.host === undefined ? "" : ` on ${options.host}`;
  process.stdout.write(`seed ${seed}: ${calls} calls of each group${where}\n`);
  const job = async (): Promise<void> => {
    for (let group = left.shift(); group !== undefined; group = left.shift()) {
      const begun = performance.now();
      const { calls: made, failure } = await watched(group, HANGS_S);
      const seconds = ((performance.now() - begun) / 1000).toFixed(0);
      process.stdout.write(
        `${group.name}: ${made} calls in ${seconds} s, ${failure ?? "no fault"}\n`,
      );
      if (failure !== undefined) bad++;
    }
  };
  await Promise.all(Array.from({ length: options.jobs }, job));
  return bad;
}

/** Searches for each planted bug; resolves to how many are not found. */
async function findMutants(): Promise<number> {
  let missed = 0;
  for (const mutant of WASI_MUTANTS) {
    const group = groups.find(({ name }) => name === mutant.group);
    if (group === undefined) continue;
    const { calls: made, failure } = await watched(group, MUTANT_HANGS_S, mutant);
    if (failure === undefined) missed++;
    const outcome = failure === undefined ? "NOT FOUND" : "found";
    process.stdout.write(`${outcome} after ${made} calls: ${mutant.name}\n`);
  }
  return missed;
}

if (options.inside !== undefined) runInside(options.inside);
else process.exitCode = (await (options.mutants ? findMutants() : fuzzAll())) === 0 ? 0 : 1;
