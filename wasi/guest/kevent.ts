// Kevents in a guest's memory.

import { EV_ERROR } from "../../asm/abi.ts";
import { wasiErrno } from "../errno.ts";
import type { KeventObject, Whole } from "./module.ts";

// struct kevent of FreeBSD on wasm32.
//
//   0           4            6           8            16         24          32
//   | ident u32 | filter i16 | flags u16 | fflags u32 | data i64 | udata u32 | ext 4 × u64 |

export const GUEST_KEVENT_SIZE = 64;
export const GUEST_KEVENT_IDENT = 0;
export const GUEST_KEVENT_FILTER = 4;
export const GUEST_KEVENT_FLAGS = 6;
export const GUEST_KEVENT_FFLAGS = 8;
export const GUEST_KEVENT_DATA = 16;
export const GUEST_KEVENT_UDATA = 24;
export const GUEST_KEVENT_EXT = 32;

/** An event as the guest gets it. */
export interface GuestEvent {
  readonly ident: number;
  readonly filter: number;
  readonly flags: number;
  readonly fflags: number;
  readonly data: Whole;
  readonly udata: number;
}

/** Writes an event to the guest's memory, all of it. */
export function writeEvent(view: DataView, to: number, i: number, event: GuestEvent): void {
  const at = (to >>> 0) + i * GUEST_KEVENT_SIZE;
  view.setUint32(at + GUEST_KEVENT_IDENT, event.ident, true);
  view.setInt16(at + GUEST_KEVENT_FILTER, event.filter, true);
  view.setUint16(at + GUEST_KEVENT_FLAGS, event.flags, true);
  view.setUint32(at + GUEST_KEVENT_FFLAGS, event.fflags, true);
  view.setUint32(at + GUEST_KEVENT_FFLAGS + 4, 0, true);
  writeData(view, at + GUEST_KEVENT_DATA, event.data);
  view.setUint32(at + GUEST_KEVENT_UDATA, event.udata, true);
  for (let rest = at + GUEST_KEVENT_UDATA + 4; rest < at + GUEST_KEVENT_SIZE; rest += 4) {
    view.setUint32(rest, 0, true);
  }
}

/** The event of a change that failed, or has a receipt. */
export function errorEvent(change: KeventObject, errno: number): GuestEvent {
  const { ident, filter, fflags, udata } = change;
  const data = errorOf(errno);
  return {
    ident: ident as number,
    filter,
    flags: EV_ERROR,
    fflags,
    data,
    udata: udata as number,
  };
}

/** WASI's number of an errno of Linux, 0 of 0. */
export function errorOf(errno: number): number {
  return errno === 0 ? 0 : wasiErrno(errno);
}

/** Reads 64 signed bits, as a number where that is exact. */
export function readData(view: DataView, at: number): number | bigint {
  const low = view.getInt32(at, true);
  const high = view.getInt32(at + 4, true);
  return high === low >> 31 ? low : view.getBigInt64(at, true);
}

function writeData(view: DataView, at: number, data: number | bigint): void {
  if (typeof data === "bigint") {
    view.setBigInt64(at, data, true);
    return;
  }
  view.setInt32(at, data, true);
  view.setInt32(at + 4, Math.floor(data / 2 ** 32), true);
}
