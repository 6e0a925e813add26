// `npm run fuzz [-- --programs 20000 --length 60 --seed N --jobs 4 --flavor epoll|kqueue]`: the same
// random programs with epoll, poll and select on this machine's kernel and on the simulated Linux, and with
// kqueue, translated for this machine's kernel, on the simulated BSD, which has a native one. What differs is made as short as it can be, and is
// to be added to fuzz-corpus.txt once it does not differ any more. With `--mutants` it is bugs planted
// in the simulation that are looked for, within that many programs each; with
// `--hosts posix,sim:posix` it is these two that are compared.

import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { Pair, pairFor, search } from "./fuzz-host.ts";
import { type Flavor, FLAVORS } from "./fuzz-programs.ts";
import { MUTANTS, plant } from "./mutants.ts";

const { values } = parseArgs({
  options: {
    programs: { type: "string" },
    length: { type: "string", default: "60" },
    seed: { type: "string", default: String(Date.now() % 0x7fffffff) },
    jobs: { type: "string", default: String(Math.max(1, Math.floor(availableParallelism() / 2))) },
    flavor: { type: "string", default: "" },
    hosts: { type: "string" },
    mutants: { type: "boolean", default: false },
  },
});

const PROGRAMS = 20_000;
/** Within how many programs a planted bug is to be found. */
const ENOUGH = 2000;

/** A number from 1 on. */
function numberOf(name: string, text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  process.stderr.write(`fuzz: --${name} must be a number from 1 on, got ${text}\n`);
  process.exit(2);
}

const programs = numberOf(
  "programs",
  values.programs ?? String(values.mutants ? ENOUGH : PROGRAMS),
);
const length = numberOf("length", values.length);
const seed = numberOf("seed", values.seed);
const jobs = numberOf("jobs", values.jobs);

const wanted = values.flavor;
const flavors = FLAVORS.filter((known) => wanted === "" || wanted === known);
if (flavors.length === 0) {
  process.stderr.write(`fuzz: --flavor must be one of ${FLAVORS.join(", ")}, got ${wanted}\n`);
  process.exit(2);
}

const hosts = values.hosts?.split(",");
if (hosts !== undefined && hosts.length !== 2) {
  process.stderr.write(`fuzz: --hosts must be two names with a comma, got ${values.hosts}\n`);
  process.exit(2);
}

/** Looks for differences, several searches at a time; how many there are. */
async function fuzz(flavor: Flavor): Promise<number> {
  const begun = performance.now();
  const share = Math.ceil(programs / jobs);
  process.stdout.write(
    `${flavor}${hosts === undefined ? "" : ` on ${values.hosts}`}, seed ${seed}: ${programs} programs of up to ${length} steps, ${jobs} at a time\n`,
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

/** Looks for each planted bug; how many are not found. */
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
if (values.mutants) bad = await findMutants();
else for (const each of flavors) bad += await fuzz(each);
process.exitCode = bad === 0 ? 0 : 1;
