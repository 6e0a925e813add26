// The cost of a call of a polling object: waits against the number of descriptors, with none, one or
// all of them ready, and changes of the registrations.

import { type Poll, POLLIN, POLLPRI, poll } from "../bindings/node/select.ts";
import { type Children, contestantsIn } from "./child.ts";
import { type Case, type Contestant, timed } from "./harness.ts";
import { contestants, Pipes, POOL, poolLoop } from "./pipes.ts";

function pollOf(descriptors: readonly number[]): Poll {
  const p = poll();
  for (const fd of descriptors) p.register(fd, POLLIN);
  return p;
}

function waitContestants(ready: number, registered: number): Contestant[] {
  const out = new Int32Array(registered * 2);
  let sum = 0;
  return contestants(
    ["omnipoll poll", "omnipoll pollInto"],
    () => new Pipes(registered, ready),
    ({ readers }) => {
      const p = pollOf(readers);
      return {
        loops: {
          "omnipoll poll": timed((calls) => {
            for (let call = 0; call < calls; call++) p.poll(0);
          }),
          "omnipoll pollInto": timed((calls) => {
            let seen = 0;
            for (let call = 0; call < calls; call++) {
              const end = p.pollInto(out, 0) * 2;
              // The C loop looks at every event too.
              for (let at = 0; at < end; at += 2) {
                seen = (seen + (out[at] as number) + (out[at + 1] as number)) | 0;
              }
            }
            sum += seen;
          }),
        },
      };
    },
  );
}

function waitCase(children: Children, ready: number, registered: number): Case {
  const { c, cAlone, python, pythonAlone } = children;
  return {
    group: "poll",
    call: "poll.poll(0)",
    setting: `${ready} of ${registered} ready`,
    parameters: { ready, registered },
    contestants: [
      ...waitContestants(ready, registered),
      ...contestantsIn([c, cAlone, python, pythonAlone], `poll ${ready} ${registered}`),
    ],
  };
}

function modifyContestants(registered: number): Contestant[] {
  return contestants(
    ["omnipoll"],
    () => new Pipes(registered),
    ({ readers }) => {
      const p = pollOf(readers);
      const fd = readers[registered >>> 1] as number;
      return {
        loops: {
          omnipoll: timed((calls) => {
            for (let call = 0; call < calls; call++) {
              p.modify(fd, call & 1 ? POLLIN : POLLIN | POLLPRI);
            }
          }),
        },
      };
    },
  );
}

function poolContestants(registered: number, adding: boolean): Contestant[] {
  return contestants(
    ["omnipoll"],
    () => new Pipes(registered + POOL),
    (pipes) => ({ loops: { omnipoll: poolLoop(poll(), pipes, POLLIN, adding) } }),
  );
}

function changeCases({ python }: Children, registered: number): Case[] {
  return ["register", "modify", "unregister"].map((method) => ({
    group: "poll-changes",
    call: `poll.${method}()`,
    setting: `among ${registered}`,
    parameters: { registered },
    step: method === "modify" ? 1 : POOL,
    contestants: [
      ...(method === "modify"
        ? modifyContestants(registered)
        : poolContestants(registered, method === "register")),
      ...contestantsIn([python], `poll-${method} ${registered}`),
    ],
  }));
}

/** Waits and changes of polling objects. */
export function pollCases(children: Children): Case[] {
  return [
    ...[10, 100, 1000].flatMap((registered) =>
      [0, 1, registered].map((ready) => waitCase(children, ready, registered)),
    ),
    ...changeCases(children, 1000),
  ];
}
