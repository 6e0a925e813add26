// The import module "omnipoll": epoll, kqueue, eventfd and timerfd for C guests (wasi/include).

import type { GuestContext } from "./context.ts";
import { epollCalls } from "./epoll.ts";
import { eventfdCalls } from "./eventfd.ts";
import { guestCalls, guestWaits } from "./failure.ts";
import { kqueueCalls } from "./kqueue.ts";
import { timerfdCalls } from "./timerfd.ts";

/**
 * The functions of the module for one guest. A result is that of the C function, or a negative error number of
 * WASI.
 *
 * `blocking` has all of them; those that wait block their thread. `waiting` has those that wait, as sequences
 * of waits for a caller that makes them otherwise.
 */
export function omnipollCalls(context: GuestContext) {
  const epoll = epollCalls(context);
  const kqueue = kqueueCalls(context);
  return {
    blocking: guestCalls({
      ...epoll.plain,
      ...epoll.blocking,
      ...kqueue.plain,
      ...kqueue.blocking,
      ...eventfdCalls(context),
      ...timerfdCalls(context),
    }),
    waiting: guestWaits({ ...epoll.waiting, ...kqueue.waiting }),
  };
}
