// A process that runs programs on the host that OMNIPOLL_HOST names, for fuzz-host.ts.

import { KqueueMachine } from "./machine-kqueue.ts";
import { SourceMachine } from "./machine-sources.ts";

process.on("message", (steps: string[]) => {
  const machine = steps[0] === "kqueue q" ? new KqueueMachine() : new SourceMachine();
  let outcomes: string[];
  try {
    outcomes = steps.map((step) => machine.run(step));
  } finally {
    machine.finish();
  }
  process.send?.(outcomes);
});
