// Tells a core of the descriptors that omnipoll/os closes, reads and writes.

import { CAPABILITY_EPOLL, CAPABILITY_KQUEUE } from "../asm/abi.ts";
import { onTransfer } from "../host/observers.ts";
import type { Core } from "./core.ts";

/** A kernel with one of these reports itself when a descriptor becomes ready again. */
const REPORTS_EDGES = CAPABILITY_EPOLL | CAPABILITY_KQUEUE;

/** The cores that observe already. */
const observing = new WeakSet<Core>();

/**
 * Lets a core drop the registrations of descriptors that omnipoll/os closes. On a kernel with
 * poll(2) alone, the core also learns of the bytes that the program itself read and wrote: it
 * detects edges by comparing what is readable, and must subtract those bytes.
 */
export function observeDescriptors(core: Core): void {
  if (observing.has(core)) return;
  observing.add(core);
  const reference = new WeakRef(core);
  core.host.onClose?.((fd) => reference.deref()?.calls.forgetClosed(fd));
  if (core.calls.capabilities() & REPORTS_EDGES) return;
  onTransfer(core.host, (fd, isRead, bytes) => {
    reference.deref()?.calls.transferred(fd, Number(isRead), bytes);
  });
}
