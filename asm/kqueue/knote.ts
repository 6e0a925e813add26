// A knote: one registration of a queue, and the kevent it will be returned as. The fields and
// their names are FreeBSD's (sys/event.h), without the prefix kn_.

import { allocate, release } from "../memory";
import { KeventRecord } from "../records";

/** The event has happened (KN_ACTIVE). */
export const STATUS_ACTIVE: u32 = 0x1;
/** In the queue's line of active knotes (KN_QUEUED). */
export const STATUS_QUEUED: u32 = 0x2;
/** Not to be reported (KN_DISABLED). */
export const STATUS_DISABLED: u32 = 0x4;
/** READ, WRITE: what epoll reports of it does not count now; the kernel reports changes only. */
export const STATUS_MUTED: u32 = 0x8;
/** READ, WRITE: reported once, whether its condition holds or not (EV_FORCEONESHOT). */
export const STATUS_FORCED: u32 = 0x10;
/** READ: an urgent mark is ahead of what FIONREAD counts. */
export const STATUS_MARKED: u32 = 0x20;

/** Where a READ or WRITE knote is watched. */
export const SET_NONE = 0;
/** In the epoll set that is the queue's own descriptor. */
export const SET_MAIN = 1;
/** In the second set, because the other filter of the same descriptor is in the main one. */
export const SET_SECOND = 2;
/** In the list of files, which epoll does not take: looked at in each scan. */
export const SET_FILES = 3;

/**
 * 128 bytes: what filters need of their own shares its place with what others do. What an event of
 * a READ knote takes comes first, in one line of the processor's cache.
 */
@unmanaged
export class Knote {
  ident: u64;
  udata: u64;
  /** Next in the same cell of the queue's table. */
  chain: Knote | null;

  filter: i32;
  flags: u32;
  sfflags: u32;
  status: u32;

  /** READ, WRITE: SET_*. */
  set: i32;
  /** READ, WRITE, VNODE: FD_*; the question for `data` (DATA_*), VNODE: IN_* that are watched. */
  kind: i32;
  what: i32;

  fflags: u32;
  data: i64;
  /** What the change asked for, as `sfflags`; `data` and `fflags` are what happened. */
  sdata: i64;

  /** Neighbours in the line of active knotes. */
  before: Knote | null;
  after: Knote | null;
  /** Next in the list its filter keeps (files, vnodes, processes, links). */
  listed: Knote | null;

  /** SIGNAL, PROC: its descriptor. VNODE and files: its inotify watch. NETDEV: flags. Or -1. */
  source: i32;
  /** TIMER: place in the heap, or -1. VNODE: number of links. USER: 1 if triggered. */
  place: i32;
  /** VNODE: watch of the directory above, or -1. */
  parent: i32;

  /** READ, WRITE, VNODE: which file; VNODE: its size when last looked at. */
  ino: u64;
  dev: u64;
  bytes: i64;
  blocks: i64;

  /** READ, WRITE: what epoll reported last, and in which harvest. */
  get mask(): u32 {
    return this.place as u32;
  }
  set mask(mask: u32) {
    this.place = mask as i32;
  }
  get stamp(): i32 {
    return this.parent;
  }
  set stamp(stamp: i32) {
    this.parent = stamp;
  }

  /** TIMER: when it expires next, and how often after that (0: never), in ms. */
  get deadline(): f64 {
    return reinterpret<f64>(this.bytes);
  }
  set deadline(deadline: f64) {
    this.bytes = reinterpret<i64>(deadline);
  }
  get period(): f64 {
    return reinterpret<f64>(this.blocks);
  }
  set period(period: f64) {
    this.blocks = reinterpret<i64>(period);
  }
}

if (offsetof<Knote>() !== 128) ERROR("Knote: not 128 bytes");
if (offsetof<Knote>("what") >= 64) ERROR("Knote: what an event takes is in two lines");

/** A knote with every field 0, null or -1; null if there is no memory. */
export function createKnote(): Knote | null {
  const at = allocate(offsetof<Knote>());
  if (at === 0) return null;
  memory.fill(at, 0, offsetof<Knote>());
  const knote = changetype<Knote>(at);
  knote.source = knote.place = knote.parent = -1;
  return knote;
}

export function destroyKnote(knote: Knote): void {
  release(changetype<usize>(knote), offsetof<Knote>());
}

/** Writes the kevent record that the knote is returned as. */
export function writeKevent(knote: Knote, at: usize): void {
  const event = changetype<KeventRecord>(at);
  event.ident = knote.ident;
  event.filter = knote.filter as i16;
  event.flags = knote.flags as u16;
  event.fflags = knote.fflags;
  event.data = knote.data;
  event.udata = knote.udata;
}
