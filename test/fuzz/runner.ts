// A process that runs programs on the host that OMNIPOLL_HOST names, for host.ts.

import { KqueueMachine } from "./machine-kqueue.ts";
import { SourceMachine } from "./machine-sources.ts";

/** Whether every object is inspected after every step, which must change no outcome. */
const inspects = process.argv.includes("inspect");

process.on("message", (steps: string[]) => {
  const machine = steps[0] === "kqueue q" ? new KqueueMachine() : new SourceMachine();
  let outcomes: string[];
  try {
    outcomes = steps.map((step) => {
      const outcome = machine.run(step);
      if (inspects) machine.inspect();
      return outcome;
    });
  } finally {
    machine.finish();
  }
  process.send?.(outcomes);
});
