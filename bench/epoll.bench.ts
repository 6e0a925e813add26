// The cost of a call of an epoll object: waits against the number of ready and of registered
// descriptors, and changes of the registrations.

import { EPOLLIN, EPOLLPRI, type Epoll, epoll } from "../bindings/node/select.ts";
import { type Children, contestantsIn } from "./child.ts";
import { type Case, type Contestant, timed } from "./harness.ts";
import { contestants, mostPipes, Pipes, POOL, poolLoop } from "./pipes.ts";

/** Pairs that `pollInto` has room for: as many as `poll` returns at most. */
const CAPACITY = 1023;

function epollOf(descriptors: readonly number[]): Epoll {
  const ep = epoll();
  for (const fd of descriptors) ep.register(fd, EPOLLIN);
  return ep;
}

function waitContestants(ready: number, registered: number): Contestant[] {
  const out = new Int32Array(CAPACITY * 2);
  let sum = 0;
  return contestants(
    ["omnipoll poll", "omnipoll pollInto"],
    () => new Pipes(registered, ready),
    ({ readers }) => {
      const ep = epollOf(readers);
      return {
        loops: {
          "omnipoll poll": timed((calls) => {
            for (let call = 0; call < calls; call++) ep.poll(0);
          }),
          "omnipoll pollInto": timed((calls) => {
            let seen = 0;
            for (let call = 0; call < calls; call++) {
              const end = ep.pollInto(out, 0) * 2;
              // The C loop looks at every event too.
              for (let at = 0; at < end; at += 2) {
                seen = (seen + (out[at] as number) + (out[at + 1] as number)) | 0;
              }
            }
            sum += seen;
          }),
        },
        close: () => ep.close(),
      };
    },
  );
}

function waitCase(
  group: string,
  { c, cAlone, python }: Children,
  ready: number,
  registered: number,
): Case {
  return {
    group,
    call: "epoll.poll(0)",
    setting: `${ready} of ${registered} ready`,
    parameters: { ready, registered },
    contestants: [
      ...waitContestants(ready, registered),
      ...contestantsIn([c, cAlone, python], `epoll ${ready} ${registered}`),
    ],
  };
}

function modifyContestants(registered: number): Contestant[] {
  return contestants(
    ["omnipoll"],
    () => new Pipes(registered),
    ({ readers }) => {
      const ep = epollOf(readers);
      const fd = readers[registered >>> 1] as number;
      return {
        loops: {
          omnipoll: timed((calls) => {
            for (let call = 0; call < calls; call++) {
              ep.modify(fd, call & 1 ? EPOLLIN : EPOLLIN | EPOLLPRI);
            }
          }),
        },
        close: () => ep.close(),
      };
    },
  );
}

function poolContestants(registered: number, adding: boolean): Contestant[] {
  return contestants(
    ["omnipoll"],
    () => new Pipes(registered + POOL),
    (pipes) => {
      const ep = epoll();
      return { loops: { omnipoll: poolLoop(ep, pipes, EPOLLIN, adding) }, close: () => ep.close() };
    },
  );
}

function changeCases({ c, cAlone, python }: Children, registered: number): Case[] {
  return ["register", "modify", "unregister"].map((method) => ({
    group: "epoll-changes",
    call: `epoll.${method}()`,
    setting: `among ${registered}`,
    parameters: { registered },
    step: method === "modify" ? 1 : POOL,
    contestants: [
      ...(method === "modify"
        ? modifyContestants(registered)
        : poolContestants(registered, method === "register")),
      ...contestantsIn([c, cAlone, python], `epoll-${method} ${registered}`),
    ],
  }));
}

/** Waits and changes of epoll objects; `limit` is how many files may be open. */
export function epollCases(children: Children, limit: number): Case[] {
  const most = Math.min(9000, mostPipes(limit));
  return [
    ...[1, 10, 100, 1000].map((ready) => waitCase("epoll-ready", children, ready, ready)),
    ...[10, 100, 1000, most].map((idle) => waitCase("epoll-idle", children, 1, idle)),
    ...[1, 1000].flatMap((registered) => changeCases(children, registered)),
  ];
}
