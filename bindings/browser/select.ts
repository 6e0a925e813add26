// The package in a browser: the select module on a simulated Linux, whose time is virtual.

import { currentSim } from "./sim.ts";

/** The functions of Python's select module, and the host in use. */
export const { select, poll, epoll, kqueue, kevent, devpoll, host } = currentSim().select;

export * from "../exports.ts";
