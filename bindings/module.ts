// The whole select module, bound to one host.

import type { Host } from "../host/host.ts";
import * as constants from "./constants.ts";
import { Core } from "./core.ts";
import { createDevpoll, Devpoll, type DevpollFunction } from "./devpoll.ts";
import { createEpoll, Epoll, type EpollFunction } from "./epoll.ts";
import { OSError } from "./errors.ts";
import { Kevent, kevent, type KeventFunction } from "./kevent.ts";
import { createKqueue, Kqueue, type KqueueFunction } from "./kqueue.ts";
import { createPoll, Poll, type PollFunction } from "./poll.ts";
import { createSelect, type SelectFunction } from "./select.ts";

type Constants = typeof constants;

/** Python's select module on one host: its functions, classes and constants. */
export interface SelectModule extends Constants {
  /** Waits until a descriptor of one of three lists is ready; see SelectFunction. */
  readonly select: SelectFunction;
  /** Makes a polling object. */
  readonly poll: PollFunction;
  /** Makes an epoll object. */
  readonly epoll: EpollFunction;
  /** Makes a kqueue object. */
  readonly kqueue: KqueueFunction;
  /** Makes a kevent. */
  readonly kevent: KeventFunction;
  /** Makes a /dev/poll object. */
  readonly devpoll: DevpollFunction;
  /** The class OSError. */
  readonly error: typeof OSError;
  /** The class of polling objects, for `instanceof`. */
  readonly Poll: typeof Poll;
  /** The class of epoll objects, for `instanceof`. */
  readonly Epoll: typeof Epoll;
  /** The class of kqueue objects, for `instanceof`. */
  readonly Kqueue: typeof Kqueue;
  /** The class of kevents, for `instanceof`. */
  readonly Kevent: typeof Kevent;
  /** The class of /dev/poll objects, for `instanceof`. */
  readonly Devpoll: typeof Devpoll;
  /** The host that serves this module. */
  readonly host: Host;
}

/**
 * Makes the select module on a host. Modules share nothing: each has a core with memory of its own.
 *
 * @param core the compiled core.wasm
 */
export function createSelectModuleFrom(core: WebAssembly.Module, host: Host): SelectModule {
  const instance = new Core(core, host);
  return {
    ...constants,
    select: createSelect(instance),
    poll: createPoll(instance),
    epoll: createEpoll(instance),
    kqueue: createKqueue(instance),
    kevent,
    devpoll: createDevpoll(instance),
    error: OSError,
    Poll,
    Epoll,
    Kqueue,
    Kevent,
    Devpoll,
    host,
  };
}
