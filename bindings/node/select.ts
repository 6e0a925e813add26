// The package on Node: the select module on the best host of this process.

import { chooseHost } from "../../host/index.ts";
import { createSelectModule } from "./host.ts";

const module = createSelectModule(chooseHost());

/** Waits for three lists of descriptors; see createSelect in select.ts. */
export const select = module.select;
/** A new polling object. */
export const poll = module.poll;
/** A new epoll object. */
export const epoll = module.epoll;
/** A new kqueue object. */
export const kqueue = module.kqueue;
/** A kevent. */
export const kevent = module.kevent;
/** A new /dev/poll object. */
export const devpoll = module.devpoll;
/** The host in use. */
export const host = module.host;

export * from "../exports.ts";
