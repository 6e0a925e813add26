// Results of runs, for the generated tables of docs/wasi-cpython.md.

import { mkdirSync, writeFileSync } from "node:fs";

const RESULTS = new URL("../../../wasi/cpython/results/", import.meta.url);

/** Writes the results of one kind of run: wasi/cpython/results/NAME.json. */
export function record(name: string, results: object): void {
  mkdirSync(RESULTS, { recursive: true });
  const date = new Date().toISOString().slice(0, 10);
  const text = JSON.stringify({ date, node: process.version, ...results }, null, 2);
  writeFileSync(new URL(`${name}.json`, RESULTS), `${text}\n`);
}
