// The same calls on several hosts: what a wait and a registration cost with the kernel's epoll, and with the core's
// over poll(2), over poll_oneoff and on a simulated kernel.

import { EPOLLIN } from "../bindings/node/select.ts";
import * as os from "../bindings/node/os.ts";
import { createSelectModule, type SelectModule } from "../bindings/node/host.ts";
import { createSim } from "../bindings/node/sim.ts";
import { createLinuxHost } from "../host/linux/host.ts";
import { createPosixHost } from "../host/linux/poll-only.ts";
import { createWasiHost } from "../wasi/host.ts";
import { createStandaloneHost } from "../wasi/standalone.ts";
import { threadsOf } from "./child.ts";
import { HOST_CONTESTANTS } from "./columns.ts";
import { type Case, type Contestant, timed } from "./harness.ts";
import { BYTE } from "./pipes.ts";

/** The calls that a contestant makes on its host. */
interface World {
  readonly select: SelectModule;
  readonly os: Pick<typeof os, "pipe" | "write" | "close">;
}

const WORLDS: Record<(typeof HOST_CONTESTANTS)[number], () => World> = {
  linux: () => ({ select: createSelectModule(createLinuxHost()), os }),
  posix: () => ({ select: createSelectModule(createPosixHost()), os }),
  standalone: () => ({
    select: createSelectModule(createStandaloneHost(createPosixHost())),
    os,
  }),
  wasi: () => ({ select: createSelectModule(createWasiHost(undefined)), os }),
  "sim:wasi": () => createSim({ personality: "wasi" }),
};

type Made = (epoll: ReturnType<SelectModule["epoll"]>, fd: number) => () => void;

/** A pipe with a byte, and an epoll on one host. */
function contestant(name: (typeof HOST_CONTESTANTS)[number], made: Made): Contestant {
  let call: (() => void) | undefined;
  let finish: (() => void) | undefined;
  return {
    name,
    threads: threadsOf("self"),
    prepare() {
      const world = WORLDS[name]();
      const epoll = world.select.epoll();
      const [r, w] = world.os.pipe();
      world.os.write(w, BYTE);
      call = made(epoll, r);
      finish = () => {
        epoll.close();
        for (const fd of [r, w]) world.os.close(fd);
      };
      return undefined;
    },
    run: timed((calls) => {
      for (let i = 0; i < calls; i++) call?.();
    }),
    finish: () => finish?.(),
  };
}

function hostCase(call: string, setting: string, made: Made): Case {
  return {
    group: "hosts",
    call,
    setting,
    parameters: {},
    contestants: HOST_CONTESTANTS.map((name) => contestant(name, made)),
  };
}

/** One wait and one registration, host by host. */
export function hostCases(): Case[] {
  return [
    hostCase("epoll.poll(0)", "1 of 1 ready", (epoll, fd) => {
      epoll.register(fd, EPOLLIN);
      return () => void epoll.poll(0);
    }),
    hostCase("epoll.register", "and unregister", (epoll, fd) => () => {
      epoll.register(fd, EPOLLIN);
      epoll.unregister(fd);
    }),
  ];
}
