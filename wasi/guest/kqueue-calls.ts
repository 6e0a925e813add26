// kqueue and kevent as C guests call them (wasi/include/sys/event.h): the checks of their arguments.

import { EBADF, EINVAL, ENOMEM } from "../../asm/abi.ts";
import type { Waits } from "../wait.ts";
import type { GuestContext } from "./context.ts";
import { EFAULT } from "./failure.ts";
import { GUEST_KEVENT_SIZE } from "./kevent.ts";
import { GuestQueue, type Lists } from "./kqueue.ts";
import { NS_PER_MS, readTimespec, TIMESPEC_SIZE } from "./timespec.ts";

/** Most changes of one call; more are ENOMEM. */
const MOST_CHANGES = 1 << 16;

/** The calls of wasi/include/sys/event.h. Results are negative errnos of Linux, or OSErrors are thrown. */
export function kqueueCalls(context: GuestContext) {
  const { files, memory } = context;

  /** The queue, lists and milliseconds of a call, < 0 for ever; or a negative errno. */
  function checked([kq, changes, nchanges, events, nevents, timespec]: KeventArguments):
    | { readonly queue: GuestQueue; readonly lists: Lists; readonly ms: number }
    | number {
    if (timespec !== 0 && !memory.has(timespec, 1, TIMESPEC_SIZE)) return -EFAULT;
    const queue = files.get(kq);
    if (!(queue instanceof GuestQueue)) return -EBADF;
    if (nchanges < 0 || nevents < 0) return -EINVAL;
    if (nchanges > MOST_CHANGES) return -ENOMEM;
    if (!memory.has(changes, nchanges, GUEST_KEVENT_SIZE)) return -EFAULT;
    if (!memory.has(events, nevents, GUEST_KEVENT_SIZE)) return -EFAULT;
    const lists = { changes, nchanges, events, nevents };
    if (timespec === 0) return { queue, lists, ms: -1 };
    const ns = readTimespec(memory.view(), timespec >>> 0);
    return ns === undefined ? -EINVAL : { queue, lists, ms: Number(ns) / NS_PER_MS };
  }

  return {
    plain: {
      kqueue(): number {
        return files.room(1) || files.add(new GuestQueue(context), true);
      },
    },
    blocking: {
      kevent(...given: KeventArguments): number {
        const call = checked(given);
        return typeof call === "number" ? call : call.queue.block(call.lists, call.ms);
      },
    },
    waiting: {
      *kevent(...given: KeventArguments): Waits {
        const call = checked(given);
        return typeof call === "number" ? call : yield* call.queue.wait(call.lists, call.ms);
      },
    },
  };
}

/** Arguments of `kevent`: addresses and lengths of the two lists, and the address of the timeout. */
type KeventArguments = [
  kq: number,
  changes: number,
  nchanges: number,
  events: number,
  nevents: number,
  timespec: number,
];
