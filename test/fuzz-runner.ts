// A process that runs programs on the host that OMNIPOLL_HOST names, for fuzz-host.ts.

import { Machine } from "./machine.ts";

process.on("message", (steps: string[]) => {
  const machine = new Machine(true);
  let outcomes: string[];
  try {
    outcomes = steps.map((step) => machine.run(step));
  } finally {
    machine.finish();
  }
  process.send?.(outcomes);
});
