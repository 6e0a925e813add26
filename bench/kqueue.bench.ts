// The cost of a call of a queue that the core translates: waits, changes, timers. The reference of a
// wait is an epoll_wait and one FIONREAD per event in C: no fewer system calls return the same facts.
//
// libkqueue is not measured here. Figures from elsewhere: libkqueue takes 7 µs to register a knote
// among 100, 55 µs among 1000, and 13 to 40 µs to add a timer.

import {
  type Kevent,
  kevent,
  KQ_EV_ADD,
  KQ_EV_DELETE,
  KQ_FILTER_READ,
  KQ_FILTER_TIMER,
  kqueue,
} from "../bindings/node/select.ts";
import { type Children, contestantsIn } from "./child.ts";
import { type Case, type Contestant, timed } from "./harness.ts";
import { contestants, mostPipes, Pipes, POOL, poolLoop } from "./pipes.ts";

function waitContestants(ready: number, registered: number): Contestant[] {
  const eventlist = Array.from({ length: ready }, () => kevent(0));
  let sum = 0;
  function lookAt(events: readonly Kevent[], count: number): void {
    for (let i = 0; i < count; i++) {
      const event = events[i] as Kevent;
      sum = (sum + (event.ident as number) + (event.data as number)) | 0;
    }
  }
  return contestants(
    ["omnipoll control", "omnipoll controlInto"],
    () => new Pipes(registered, ready),
    ({ readers }) => {
      const queue = kqueue();
      queue.control(
        readers.map((fd) => kevent(fd)),
        0,
      );
      return {
        loops: {
          "omnipoll control": timed((calls) => {
            for (let call = 0; call < calls; call++) {
              const events = queue.control(null, ready, 0);
              lookAt(events, events.length);
            }
          }),
          "omnipoll controlInto": timed((calls) => {
            for (let call = 0; call < calls; call++) {
              lookAt(eventlist, queue.controlInto(null, eventlist, 0));
            }
          }),
        },
        close: () => queue.close(),
      };
    },
  );
}

function waitCase({ c }: Children, ready: number, registered: number): Case {
  return {
    group: "kqueue",
    call: "kqueue.control(null, n, 0)",
    setting: `${ready} of ${registered} ready`,
    parameters: { ready, registered },
    contestants: [
      ...waitContestants(ready, registered),
      ...contestantsIn([c], `kqueue ${ready} ${registered}`),
    ],
  };
}

function changeContestants(registered: number, adding: boolean): Contestant[] {
  return contestants(
    ["omnipoll"],
    () => new Pipes(registered + POOL),
    (pipes) => {
      const queue = kqueue();
      const change = (fd: number, flags: number): void => {
        queue.control([kevent(fd, KQ_FILTER_READ, flags)], 0);
      };
      const registers = {
        register: (fd: number) => change(fd, KQ_EV_ADD),
        unregister: (fd: number) => change(fd, KQ_EV_DELETE),
      };
      return {
        loops: { omnipoll: poolLoop(registers, pipes, 0, adding) },
        close: () => queue.close(),
      };
    },
  );
}

function changeCase({ c }: Children, registered: number, adding: boolean): Case {
  return {
    group: "kqueue-changes",
    call: adding ? "kqueue: adding a READ knote" : "kqueue: deleting a READ knote",
    setting: `among ${registered}`,
    parameters: { registered },
    step: POOL,
    contestants: [
      ...changeContestants(registered, adding),
      ...contestantsIn([c], `${adding ? "epoll-register" : "epoll-unregister"} ${registered}`),
    ],
  };
}

/** Adds a timer to a queue that has `running` timers; all of them expire in an hour. */
function timerCase(running: number): Case {
  return {
    group: "kqueue-timers",
    call: "kqueue: adding a timer",
    setting: `among ${running}`,
    parameters: { registered: running },
    step: POOL,
    contestants: contestants(
      ["omnipoll"],
      () => new Pipes(0),
      () => {
        const queue = kqueue();
        const timer = (ident: number, flags: number): void => {
          queue.control([kevent(ident, KQ_FILTER_TIMER, flags, 0, 3_600_000 + ident)], 0);
        };
        for (let ident = 0; ident < running; ident++) timer(ident, KQ_EV_ADD);
        return {
          loops: {
            omnipoll: (calls) => {
              let spent = 0;
              for (let call = 0; call < calls; call += POOL) {
                const start = performance.now();
                for (let i = 0; i < POOL; i++) timer(running + i, KQ_EV_ADD);
                spent += performance.now() - start;
                for (let i = 0; i < POOL; i++) timer(running + i, KQ_EV_DELETE);
              }
              return spent * 1e6;
            },
          },
          close: () => queue.close(),
        };
      },
    ),
  };
}

/** Waits and changes of queues. */
export function kqueueCases(children: Children, limit: number): Case[] {
  const idle = [10, 100, 1000, Math.min(9000, mostPipes(limit))];
  return [
    ...[1, 10, 100, 1000].map((ready) => waitCase(children, ready, ready)),
    ...idle.map((registered) => waitCase(children, 1, registered)),
    ...[1, 100, 1000].map((registered) => changeCase(children, registered, true)),
    changeCase(children, 1000, false),
    ...[10, 1000, 100_000].map(timerCase),
  ];
}
