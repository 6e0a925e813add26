// The cost of select() against the number of descriptors, with none, one or all of them ready. The
// reference is C's poll() over the same descriptors, because the core's select() calls poll(2). C's
// own select() runs beside it, up to FD_SETSIZE.

import { select } from "../bindings/node/select.ts";
import { type Children, contestantsIn } from "./child.ts";
import { type Case, type Contestant, timed } from "./harness.ts";
import { contestants, Pipes } from "./pipes.ts";

function selectContestants(ready: number, registered: number): Contestant[] {
  return contestants(
    ["omnipoll"],
    () => new Pipes(registered, ready),
    ({ readers }) => ({
      loops: {
        omnipoll: timed((calls) => {
          for (let call = 0; call < calls; call++) select(readers, [], [], 0);
        }),
      },
    }),
  );
}

function waitCase(
  { c, cAlone, cSelect, python }: Children,
  ready: number,
  registered: number,
): Case {
  const setting = `${ready} ${registered}`;
  return {
    group: "select",
    call: "select(0)",
    setting: `${ready} of ${registered} ready`,
    parameters: { ready, registered },
    contestants: [
      ...selectContestants(ready, registered),
      ...contestantsIn([c, cAlone], `poll ${setting}`),
      ...contestantsIn([cSelect, python], `select ${setting}`),
    ],
  };
}

/** Waits of select(). */
export function selectCases(children: Children): Case[] {
  return [10, 100, 1000].flatMap((registered) =>
    [0, 1, registered].map((ready) => waitCase(children, ready, registered)),
  );
}
