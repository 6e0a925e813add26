// A guest without a program: the functions that C guests import from the module "omnipoll", and a memory.

import { EPOLL_EVENT_SIZE } from "../../wasi/guest/epoll.ts";
import {
  GUEST_KEVENT_DATA,
  GUEST_KEVENT_FFLAGS,
  GUEST_KEVENT_FILTER,
  GUEST_KEVENT_FLAGS,
  GUEST_KEVENT_IDENT,
  GUEST_KEVENT_SIZE,
  GUEST_KEVENT_UDATA,
} from "../../wasi/guest/kevent.ts";
import * as os from "../../bindings/node/os.ts";
import * as select from "../../bindings/node/select.ts";
import { type GuestOptions, makeGuest } from "../../wasi/guest/guest.ts";
import type { GuestTarget } from "../../wasi/guest/table.ts";

/** A guest without a program, whose descriptors are those that a test gives it, and closed with its own. */
export function cGuest(options: Partial<Omit<GuestOptions, "memory">> = {}) {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { guest, waiter, functions } = makeGuest({ select, os, memory, ...options });
  const { imports, close, dispose } = guest;
  return {
    memory,
    imports,
    calls: functions.blocking,
    waiting: functions.waiting,
    waiter,
    set: (fd: number, given: GuestTarget) => guest.set(fd, ownedBy(given)),
    close,
    dispose,
  };
}

/** A descriptor of the host that is closed with the guest's. */
export function ownedBy(given: GuestTarget): GuestTarget {
  return typeof given === "number" ? { fd: given, owned: true } : given;
}

const AT = 1024;

/** epoll_ctl with data that is the number of the descriptor. */
export function epollControl(
  { calls, memory }: Pick<ReturnType<typeof cGuest>, "calls" | "memory">,
  ep: number,
  op: number,
  fd: number,
  mask: number,
): number {
  const view = new DataView(memory.buffer);
  view.setUint32(AT, mask, true);
  view.setBigUint64(AT + 8, BigInt(fd), true);
  return calls.epoll_ctl(ep, op, fd, AT);
}

/** epoll_wait: events as [data, mask], or an error number. */
export function epollWait(
  { calls, memory }: Pick<ReturnType<typeof cGuest>, "calls" | "memory">,
  ep: number,
  ms = 0,
  most = 8,
): unknown {
  const count = calls.epoll_wait(ep, AT, most, ms);
  if (count < 0) return count;
  const view = new DataView(memory.buffer);
  return Array.from({ length: count }, (_, i) => {
    const at = AT + i * EPOLL_EVENT_SIZE;
    return [Number(view.getBigUint64(at + 8, true)), view.getUint32(at, true)];
  });
}

const EVENTS_AT = 32_768;

/** A change: ident, filter, flags, notes, data, user data. */
export type Change = readonly [
  ident: number,
  filter: number,
  flags: number,
  fflags?: number,
  data?: number,
  udata?: number,
];

/** kevent: events as [ident, filter, flags, fflags, data, udata], or an error number; `ms` < 0 for ever. */
export function kevent(
  { calls, memory }: Pick<ReturnType<typeof cGuest>, "calls" | "memory">,
  kq: number,
  changes: readonly Change[],
  room = 8,
  ms = 0,
): unknown {
  const view = new DataView(memory.buffer);
  for (const [i, [ident, filter, flags, fflags = 0, data = 0, udata = 0]] of changes.entries()) {
    const at = AT + i * GUEST_KEVENT_SIZE;
    view.setUint32(at + GUEST_KEVENT_IDENT, ident, true);
    view.setInt16(at + GUEST_KEVENT_FILTER, filter, true);
    view.setUint16(at + GUEST_KEVENT_FLAGS, flags, true);
    view.setUint32(at + GUEST_KEVENT_FFLAGS, fflags, true);
    view.setBigInt64(at + GUEST_KEVENT_DATA, BigInt(data), true);
    view.setUint32(at + GUEST_KEVENT_UDATA, udata, true);
  }
  view.setBigInt64(8, BigInt(Math.floor(ms / 1000)), true);
  view.setInt32(16, (ms % 1000) * 1e6, true);
  const count = calls.kevent(kq, AT, changes.length, EVENTS_AT, room, ms < 0 ? 0 : 8);
  if (count < 0) return count;
  // The memory may have grown.
  const after = new DataView(memory.buffer);
  return Array.from({ length: count }, (_, i) => {
    const at = EVENTS_AT + i * GUEST_KEVENT_SIZE;
    return [
      after.getUint32(at + GUEST_KEVENT_IDENT, true),
      after.getInt16(at + GUEST_KEVENT_FILTER, true),
      after.getUint16(at + GUEST_KEVENT_FLAGS, true),
      after.getUint32(at + GUEST_KEVENT_FFLAGS, true),
      Number(after.getBigInt64(at + GUEST_KEVENT_DATA, true)),
      after.getUint32(at + GUEST_KEVENT_UDATA, true),
    ];
  });
}
