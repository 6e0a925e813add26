// Replays what CPython did (recordings/record.py) and compares step by step.

import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Machine } from "./machine.ts";

interface Scenario {
  readonly name: string;
  readonly steps: ReadonlyArray<readonly [step: string, outcome: string]>;
}

function scenariosOf(file: string): Scenario[] {
  const url = new URL(`../../test/recordings/${file}.recorded.json`, import.meta.url);
  return JSON.parse(readFileSync(url, "utf8")) as Scenario[];
}

for (const { name, steps } of [...scenariosOf("scenarios"), ...scenariosOf("programs")]) {
  test(`as CPython, ${name}`, () => {
    const machine = new Machine();
    try {
      for (const [index, [step, outcome]] of steps.entries()) {
        const before = steps.slice(0, index).map(([words]) => words);
        const message = `after ${before.join("; ") || "nothing"}`;
        assert.is(`${step}: ${machine.run(step)}`, `${step}: ${outcome}`, message);
      }
    } finally {
      machine.finish();
    }
  });
}

test.run();
