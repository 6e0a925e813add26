// The import module "omnipoll": epoll, kqueue, eventfd and timerfd for C guests (wasi/include).

import { suspendingImport } from "../suspend.ts";
import type { Cancellation } from "../wait.ts";
import type { GuestContext } from "./context.ts";
import { cancellable } from "./cancellable.ts";
import { epollCalls } from "./epoll.ts";
import { eventfdCalls } from "./eventfd.ts";
import { guestCalls, guestWaits } from "./failure.ts";
import { kqueueCalls } from "./kqueue-calls.ts";
import { timerfdCalls } from "./timerfd.ts";

/** How many arguments the calls that may wait have, each a number of 32 bits. */
const ARGUMENTS = { epoll_wait: 4, epoll_pwait2: 4, kevent: 6 };

/**
 * The functions of the module for one guest. A result is that of the C function, or a negative error number of
 * WASI.
 *
 * `blocking` has all of them; those that wait block their thread. `waiting` has those that wait, as sequences
 * of waits. `suspending()` is `blocking` with imports for JSPI in their stead, whose waits `cancellation` ends.
 */
export function omnipollCalls(context: GuestContext) {
  const epoll = epollCalls(context);
  const kqueue = kqueueCalls(context);
  const plain = cancellable(context.waiter, {
    ...epoll.plain,
    ...kqueue.plain,
    ...eventfdCalls(context),
    ...timerfdCalls(context),
  });
  const blocking = guestCalls({ ...plain, ...epoll.blocking, ...kqueue.blocking });
  const waiting = guestWaits({ ...epoll.waiting, ...kqueue.waiting });

  /** @throws {Error} where JavaScript has no JSPI */
  function suspending(cancellation?: Cancellation): Record<string, unknown> {
    const imports: Record<string, unknown> = { ...blocking };
    for (const [name, call] of Object.entries(waiting)) {
      const count = ARGUMENTS[name as keyof typeof waiting];
      imports[name] = suspendingImport(`omnipoll.${name}`, count, (...given) =>
        context.waiter.begin(call(...given), cancellation),
      );
    }
    return imports;
  }
  return { blocking, waiting, suspending };
}
