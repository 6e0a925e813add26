// What omnipoll/os does with descriptors, as far as a core has to know of it.

import { CAPABILITY_EPOLL, CAPABILITY_KQUEUE } from "../asm/abi.ts";
import { onTransfer } from "../host/transfers.ts";
import type { Core } from "./core.ts";

/** A host with either knows itself when a descriptor becomes ready again. */
const KNOWS_EDGES = CAPABILITY_EPOLL | CAPABILITY_KQUEUE;

/** Cores that are told. */
const informed = new WeakSet<Core>();

/**
 * Lets a core forget what it has of descriptors that are closed through omnipoll/os; and, if it has
 * to observe what comes and goes, know what of that the program itself did.
 */
export function informOfUse(core: Core): void {
  if (informed.has(core)) return;
  informed.add(core);
  const reference = new WeakRef(core);
  core.host.onClose?.((fd) => reference.deref()?.calls.forgetClosed(fd));
  if (core.calls.capabilities() & KNOWS_EDGES) return;
  onTransfer(core.host, (fd, isRead, bytes) => {
    reference.deref()?.calls.transferred(fd, Number(isRead), bytes);
  });
}
