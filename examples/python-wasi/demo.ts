// `npm run demo:python-wasi`: programs in CPython's build for WASI, with the poll_oneoff of each sandbox and with
// ours. A program that hangs is ended at a deadline. --record writes the verdicts for docs/wasi-cpython.md.

import { CASES, runCase, verdictOf } from "./cases.ts";
import { SANDBOXES } from "./child.ts";
import { record } from "./record.ts";

/** A stock run has this long: with ours the slowest ends within two seconds. */
const STOCK_MS = 10_000;
const DEADLINE_MS = 120_000;

let failed = 0;
const rows: Array<{ sandbox: string; name: string; stock: string; ours: string }> = [];
for (const sandbox of SANDBOXES) {
  console.log(`\n${sandbox}`);
  for (const one of CASES) {
    const stock = verdictOf(one, await runCase(one, sandbox, true, STOCK_MS));
    const ours = verdictOf(one, await runCase(one, sandbox, false, DEADLINE_MS));
    if (ours !== "passes") failed++;
    rows.push({ sandbox, name: one.name, stock, ours });
    console.log(`  ${one.name}\n    stock     ${stock}\n    omnipoll  ${ours}`);
  }
}
if (process.argv.includes("--record")) record("demo", { rows });
process.exitCode = failed === 0 ? 0 : 1;
