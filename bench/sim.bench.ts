// The cost of a wait in the simulated kernel, beside the real kernel and against the number of
// registrations.

import { createSim } from "../bindings/node/sim.ts";
import * as os from "../bindings/node/os.ts";
import { EPOLLIN, type Epoll, epoll } from "../bindings/node/select.ts";
import { threadsOf } from "./child.ts";
import { type Case, type Contestant, timed } from "./harness.ts";

/** The calls of a kernel that make descriptors and epolls. */
interface Kernel {
  readonly os: Pick<typeof os, "eventfd" | "close">;
  readonly select: { epoll(): Epoll };
}

/** An epoll with `registered` eventfds; `ready` of them, evenly spread, are ready. */
function contestant(
  name: string,
  make: () => Kernel,
  ready: number,
  registered: number,
): Contestant {
  let kernel: Kernel | undefined;
  let ep: Epoll | undefined;
  let descriptors: number[] = [];
  let loop: ((calls: number) => number) | undefined;
  return {
    name,
    threads: threadsOf("self"),
    prepare: () => {
      kernel = make();
      const made = kernel.select.epoll();
      const apart = registered / ready;
      for (let i = 0; i < registered; i++) {
        const fd = kernel.os.eventfd(i % apart === 0 ? 1 : 0);
        made.register(fd, EPOLLIN);
        descriptors.push(fd);
      }
      ep = made;
      loop = timed((calls) => {
        for (let call = 0; call < calls; call++) made.poll(0);
      });
      return undefined;
    },
    run: (calls) => loop?.(calls) ?? NaN,
    finish: () => {
      ep?.close();
      for (const fd of descriptors) kernel?.os.close(fd);
      descriptors = [];
      kernel = ep = loop = undefined;
    },
  };
}

const real = (): Kernel => ({ os, select: { epoll } });
const simulated = (): Kernel => createSim();

/** Waits in the simulated kernel. */
export function simCases(): Case[] {
  const many = 1_000_000;
  return [
    {
      group: "sim-wait",
      call: "epoll.poll(0)",
      setting: "1 of 1000 ready, simulated",
      parameters: { ready: 1, registered: 1000 },
      contestants: [
        contestant("simulated", simulated, 1, 1000),
        contestant("real kernel", real, 1, 1000),
      ],
    },
    {
      group: "sim-many",
      call: "epoll.poll(0)",
      setting: "10 ready, simulated",
      parameters: { ready: 10 },
      contestants: [
        contestant("of 1 000 000", simulated, 10, many),
        contestant("of 1000", simulated, 10, 1000),
      ],
    },
  ];
}
