// `npm run fuzz [-- options]`: random programs with epoll, poll and select on this machine's kernel and on the
// simulated Linux; random programs with kqueue on this machine's kernel, where the core translates, and on
// the simulated BSD, whose kqueue is native. The fuzzer prints a program that differs, as short as it can
// be. Such a program belongs in corpus.txt once the difference is mended.

import { availableParallelism } from "node:os";
import { Command, InvalidArgumentError, Option } from "commander";
import { HOST_NAMES } from "../../host/index.ts";
import { Pair, pairFor, search } from "./host.ts";
import { type Flavor, FLAVORS } from "./programs.ts";
import { MUTANTS, plant } from "./mutants.ts";

const PROGRAMS = 20_000;
/** Programs within which the fuzzer must find a planted bug. */
const MUTANT_PROGRAMS = 2000;

/** Exit status for wrong arguments; 1 is for differences. */
const WRONG_ARGUMENTS = 2;

/** A number from 1 on. */
function numberOf(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new InvalidArgumentError("It must be a number from 1 on.");
}

/** Two names with a comma between them. */
function pairOf(text: string): [string, string] {
  const [first = "", second = "", ...rest] = text.split(",");
  if (rest.length === 0 && HOST_NAMES.includes(first) && HOST_NAMES.includes(second)) {
    return [first, second];
  }
  throw new InvalidArgumentError(`It must be two of ${HOST_NAMES.join(", ")} with a comma.`);
}

interface Options {
  readonly programs?: number;
  readonly length: number;
  readonly seed: number;
  readonly jobs: number;
  readonly flavor?: Flavor;
  readonly hosts?: [string, string];
  readonly mutants: boolean;
}

const options = new Command("fuzz")
  .description("Runs random programs on two hosts, and reports a difference as a short program.")
  .option(
    "--programs <n>",
    `how many (default: ${PROGRAMS}; ${MUTANT_PROGRAMS} with --mutants)`,
    numberOf,
  )
  .option("--length <n>", "of up to this many steps", numberOf, 60)
  .addOption(
    new Option("--seed <n>", "the same programs again")
      .argParser(numberOf)
      .default((Date.now() % 0x7fffffff) + 1, "from the clock"),
  )
  .addOption(
    new Option("--jobs <n>", "so many searches at a time, with a seed each from --seed on")
      .argParser(numberOf)
      .default(Math.max(1, Math.floor(availableParallelism() / 2)), "half of the processors"),
  )
  .addOption(new Option("--flavor <name>", "programs of one kind only").choices(FLAVORS))
  .option("--hosts <a,b>", "compare these two, each a value of OMNIPOLL_HOST", pairOf)
  .option("--mutants", "look for bugs planted in the simulation", false)
  .allowExcessArguments(false)
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : WRONG_ARGUMENTS))
  .parse()
  .opts<Options>();

const { length, seed, jobs, hosts } = options;
const programs = options.programs ?? (options.mutants ? MUTANT_PROGRAMS : PROGRAMS);
const flavors = options.flavor === undefined ? FLAVORS : [options.flavor];

/** Searches for differences, in several jobs at a time; resolves to how many there are. */
async function fuzz(flavor: Flavor): Promise<number> {
  const begun = performance.now();
  const share = Math.ceil(programs / jobs);
  process.stdout.write(
    `${flavor}${hosts === undefined ? "" : ` on ${hosts.join(" and ")}`}, seed ${seed}: ${programs} programs of up to ${length} steps, ${jobs} at a time\n`,
  );
  const results = await Promise.all(
    Array.from({ length: jobs }, async (_, job) => {
      const pair = hosts === undefined ? pairFor(flavor) : new Pair(hosts[0], hosts[1]);
      try {
        return await search(pair, seed + job, share, length, { flavor });
      } finally {
        pair.stop();
      }
    }),
  );
  let run = 0;
  for (const { programs: count, difference } of results) {
    run += count;
    if (difference !== undefined) process.stdout.write(`differs: ${difference}\n`);
  }
  const seconds = ((performance.now() - begun) / 1000).toFixed(0);
  const different = results.filter(({ difference }) => difference !== undefined).length;
  process.stdout.write(`${run} programs in ${seconds} s, ${different} differences\n`);
  return different;
}

/** Searches for each planted bug; resolves to how many are not found. */
async function findMutants(): Promise<number> {
  let missed = 0;
  process.stdout.write(
    `seed ${seed}: ${programs} programs of up to ${length} steps for each bug\n`,
  );
  for (const mutant of MUTANTS) {
    const pair = new Pair("linux", "sim:linux", plant(mutant));
    const found = await search(pair, seed, programs, length, { shrinks: false });
    pair.stop();
    if (found.difference === undefined) missed++;
    const outcome = found.difference === undefined ? "NOT FOUND" : "found";
    process.stdout.write(`${outcome} after ${found.programs} programs: ${mutant.name}\n`);
  }
  return missed;
}

let bad = 0;
if (options.mutants) bad = await findMutants();
else for (const each of flavors) bad += await fuzz(each);
process.exitCode = bad === 0 ? 0 : 1;
