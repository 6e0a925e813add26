// Runs plugins one after the other, and prints what each of them did.
//
//   node dist/examples/plugin-host/main.js [--sandbox node:wasi] [--input TEXT] [--BUDGET NUMBER…] [PLUGIN…]
//
// Without a plugin: all those in examples/plugin-host/plugins, most of which are rogues.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Budgets, DEFAULT_BUDGETS } from "./budgets.ts";
import { type Report, startPlugin } from "./host.ts";
import { type Sandbox, SANDBOXES } from "./sandbox.ts";

const PLUGINS = fileURLToPath(new URL("../../../examples/plugin-host/plugins/", import.meta.url));

/** Descriptors of this process; the folder that is read has one meanwhile. */
const openDescriptors = (): number => readdirSync("/proc/self/fd").length - 1;

function print({ name, how, why, refused, output, closed }: Report): void {
  console.log(`${name} ${how}: ${why}`);
  for (const what of refused) console.log(`  was refused ${what}`);
  if (closed > 0) console.log(`  left ${closed} descriptors, which are closed`);
  for (const line of output.split("\n").slice(0, 4)) {
    if (line !== "") console.log(`  | ${line.slice(0, 60)}`);
  }
}

const budgetOptions = Object.fromEntries(
  Object.keys(DEFAULT_BUDGETS).map((name) => [name, { type: "string" as const }]),
);
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sandbox: { type: "string", default: SANDBOXES[0] },
    input: { type: "string", default: "Ada\nGrace\n" },
    ...budgetOptions,
  },
});
const sandbox = values["sandbox"] as Sandbox;
if (!SANDBOXES.includes(sandbox)) {
  throw new Error(`--sandbox must be ${SANDBOXES.join(" or ")}, got ${sandbox}`);
}
const given = Object.keys(DEFAULT_BUDGETS).filter((name) => name in values);
const budgets = Object.fromEntries(
  given.map((name) => [name, Number(values[name as keyof typeof values])]),
) as Partial<Budgets>;

const all = readdirSync(PLUGINS).filter((file) => file.endsWith(".wasm"));
const files = positionals.length > 0 ? positionals : all.map((file) => join(PLUGINS, file));
let before: number | undefined;
for (const file of files) {
  print(await startPlugin(file, { sandbox, budgets, input: values["input"] as string }).report);
  // The first worker leaves what later ones use again.
  before ??= openDescriptors();
}
console.log(
  `the host goes on, with ${openDescriptors() - (before ?? 0)} descriptors more than before`,
);
