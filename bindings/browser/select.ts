// omnipoll in a browser: the select module on the simulation of this thread, by default a Linux in
// virtual time.

import { currentSim } from "./sim.ts";

/** The functions of Python's select module, and the host in use. */
export const { select, poll, epoll, kqueue, kevent, devpoll, host } = currentSim().select;

export * from "../exports.ts";
