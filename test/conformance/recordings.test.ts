// Replays programs that CPython ran (recordings/record.py) and compares step by step.

import { readFileSync } from "node:fs";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { host } from "../../bindings/node/select.ts";
import { Machine } from "../fuzz/machine.ts";
import { sim } from "../support/world.ts";
import { skipReason } from "../hosts/skips.ts";
import { saidOf } from "./unsaid.ts";

interface Scenario {
  readonly name: string;
  readonly steps: ReadonlyArray<readonly [step: string, outcome: string]>;
}

function scenariosOf(file: string): Scenario[] {
  const url = new URL(`../../../test/recordings/${file}.recorded.json`, import.meta.url);
  return JSON.parse(readFileSync(url, "utf8")) as Scenario[];
}

/** The error of epoll_ctl(2) for files that are always ready. */
const REFUSED = "PermissionError EPERM";
/** poll(2) does not report that a device is always ready; steps with devices are left out then. */
const TAKES_DEVICES = skipReason(host.name, "epoll/control", "EPO-038: ") !== undefined;

/** poll_oneoff has no words for some bits: they are left out, and a program ends at an event of nothing else. */
const IS_WASI = host.name === "sim:wasi" || host.name === "standalone";

function replay({ name, steps }: Scenario, isLeftOut: (outcome: string) => boolean): void {
  test(`as CPython, ${name}.`, () => {
    const machine = new Machine();
    try {
      for (const [index, [step, outcome]] of steps.entries()) {
        if (isLeftOut(outcome)) continue;
        const before = steps.slice(0, index).map(([words]) => words);
        const message = `after ${before.join("; ") || "nothing"}`;
        const happened = machine.run(step);
        const { outcome: said, isCut } = saidOf(outcome);
        if (IS_WASI && isCut) break;
        const [actual, expected] = IS_WASI ? [saidOf(happened).outcome, said] : [happened, outcome];
        assert.is(`${step}: ${actual}`, `${step}: ${expected}`, message);
        // Inspecting a simulated kernel changes nothing.
        sim?.inspect();
      }
    } finally {
      machine.finish();
    }
  });
}

for (const scenario of scenariosOf("scenarios")) replay(scenario, () => false);
// No file that these programs open is another one than a device.
for (const program of scenariosOf("programs")) {
  replay(program, (outcome) => TAKES_DEVICES && outcome === REFUSED);
}

test.run();
