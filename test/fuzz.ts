// `npm run fuzz [-- --programs 20000 --length 60 --seed N --jobs 4]`: the same random programs on this
// machine's kernel and on the simulated Linux. What differs is made as short as it can be, and is
// to be added to fuzz-corpus.txt once it does not differ any more.

import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { Pair, search } from "./fuzz-host.ts";

const { values } = parseArgs({
  options: {
    programs: { type: "string", default: "20000" },
    length: { type: "string", default: "60" },
    seed: { type: "string", default: String(Date.now() % 0x7fffffff) },
    jobs: { type: "string", default: String(Math.max(1, Math.floor(availableParallelism() / 2))) },
  },
});

/** A number from 1 on. */
function numberOf(name: keyof typeof values): number {
  const number = Number(values[name]);
  if (Number.isInteger(number) && number > 0) return number;
  process.stderr.write(`fuzz: --${name} must be a number from 1 on, got ${values[name]}\n`);
  process.exit(2);
}

const [programs, length, seed, jobs] = (["programs", "length", "seed", "jobs"] as const).map(
  numberOf,
) as [number, number, number, number];
const begun = performance.now();
process.stdout.write(
  `seed ${seed}: ${programs} programs of up to ${length} steps, ${jobs} at a time\n`,
);
const share = Math.ceil(programs / jobs);
const results = await Promise.all(
  Array.from({ length: jobs }, async (_, job) => {
    const pair = new Pair();
    try {
      return await search(pair, seed + job, share, length);
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
process.exitCode = different === 0 ? 0 : 1;
