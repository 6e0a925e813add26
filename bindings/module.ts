// The whole select module, bound to one host.

import type { Host } from "../host/host.ts";
import * as constants from "./constants.ts";
import { Core } from "./core.ts";
import { createDevpoll, Devpoll } from "./devpoll.ts";
import { createEpoll, Epoll, type EpollFunction } from "./epoll.ts";
import { checkCount } from "./arguments.ts";
import { OSError } from "./errors.ts";
import { Kevent, kevent, type KeventFunction } from "./kevent.ts";
import { createKqueue, Kqueue, type KqueueFunction } from "./kqueue.ts";
import { createPoll, Poll } from "./poll.ts";
import { createSelect, type SelectFunction } from "./select.ts";

type Constants = typeof constants;

/** Python's select module: its functions, classes and constants. */
export interface SelectModule extends Constants {
  readonly select: SelectFunction;
  /** A new polling object. */
  readonly poll: () => Poll;
  readonly epoll: EpollFunction;
  readonly kqueue: KqueueFunction;
  readonly kevent: KeventFunction;
  /** A new /dev/poll object. */
  readonly devpoll: () => Devpoll;
  /** The same class as OSError. */
  readonly error: typeof OSError;
  readonly Poll: typeof Poll;
  readonly Epoll: typeof Epoll;
  readonly Kqueue: typeof Kqueue;
  readonly Kevent: typeof Kevent;
  readonly Devpoll: typeof Devpoll;
  /** The host everything here runs on. */
  readonly host: Host;
}

/**
 * The select module on a host. Modules share nothing: each has a core, with memory of its own.
 *
 * @param core the compiled core.wasm
 */
export function createSelectModuleFrom(core: WebAssembly.Module, host: Host): SelectModule {
  const instance = new Core(core, host);
  return {
    ...constants,
    select: createSelect(instance),
    poll(...given: readonly unknown[]): Poll {
      checkCount("poll()", given.length, 0, 0);
      return createPoll(instance);
    },
    epoll: createEpoll(instance),
    kqueue: createKqueue(instance),
    kevent,
    devpoll(...given: readonly unknown[]): Devpoll {
      checkCount("devpoll()", given.length, 0, 0);
      return createDevpoll(instance);
    },
    error: OSError,
    Poll,
    Epoll,
    Kqueue,
    Kevent,
    Devpoll,
    host,
  };
}
