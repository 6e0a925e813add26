// A process that runs programs on the host that OMNIPOLL_HOST names, for fuzz-host.ts.

import { Machine } from "./machine.ts";
import { KqueueMachine } from "./machine-kqueue.ts";

process.on("message", (steps: string[]) => {
  const machine = steps[0] === "kqueue q" ? new KqueueMachine() : new Machine(true);
  let outcomes: string[];
  try {
    outcomes = steps.map((step) => machine.run(step));
  } finally {
    machine.finish();
  }
  process.send?.(outcomes);
});
