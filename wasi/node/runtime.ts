// poll_oneoff of node:wasi, which takes three descriptors of the process at most: the standard streams of a guest.
//
// uvwasi_poll_oneoff runs a libuv loop of its own. That loop looks at no descriptor if a timeout is below a
// millisecond, takes one direction of a descriptor, and ends once each of the descriptors is ready, or the time is over.

import { createRequire } from "node:module";
import { WASI_NOTCAPABLE, WASI_PERM } from "../errno.ts";
import type { PollOneoff } from "../poller.ts";
import {
  EVENT_ERROR,
  EVENT_FLAGS,
  EVENT_TYPE,
  EVENT_USERDATA,
  FLAG_HANGUP,
  SUBSCRIPTION_FD,
  SUBSCRIPTION_SIZE,
  SUBSCRIPTION_TIMEOUT,
  SUBSCRIPTION_TYPE,
  SUBSCRIPTION_USERDATA,
  TYPE_CLOCK,
  TYPE_WRITE,
} from "../preview1.ts";
import { quietly } from "./quiet.ts";

type Calls = Record<"poll_oneoff" | "fd_fdstat_get", (...given: number[]) => number>;

interface WasiObject {
  readonly wasiImport: Calls;
  initialize(instance: object): void;
}

type WasiClass = new (options: object) => WasiObject;

let known: WasiClass | undefined;

/** The class of node:wasi, without the warning of its first use. @throws {Error} if this runtime lacks or forbids it */
function wasiClass(): WasiClass {
  if (known !== undefined) return known;
  const require = createRequire(import.meta.url);
  known = quietly(() => (require("node:wasi") as { WASI: WasiClass }).WASI);
  return known;
}

/** The calls of a guest whose standard streams are `fds`, on a memory. @throws {Error} if one is not open */
function guestWith(memory: WebAssembly.Memory, fds: readonly number[]): Calls {
  const [stdin = 0, stdout = stdin, stderr = stdin] = fds;
  const wasi = new (wasiClass())({
    version: "preview1",
    stdin,
    stdout,
    stderr,
    returnOnExit: true,
  });
  wasi.initialize({ exports: { memory } });
  return wasi.wasiImport;
}

/** Descriptors of one call. */
const MOST = 3;

/** The runtime's own poll_oneoff on descriptors of the process, for the self-test. */
export function runtimeOneoff(memory: WebAssembly.Memory): PollOneoff {
  return (subscriptions, events, count, found) => {
    const view = new DataView(memory.buffer);
    const fds: number[] = [];
    const places: number[] = [];
    for (let i = 0; i < count; i++) {
      const at = subscriptions + i * SUBSCRIPTION_SIZE;
      if (view.getUint8(at + SUBSCRIPTION_TYPE) === TYPE_CLOCK) continue;
      places.push(at + SUBSCRIPTION_FD);
      const fd = view.getUint32(at + SUBSCRIPTION_FD, true);
      if (!fds.includes(fd)) fds.push(fd);
    }
    if (fds.length > MOST) return WASI_NOTCAPABLE;
    const numbers = places.map((place) => view.getUint32(place, true));
    places.forEach((place, i) => view.setUint32(place, fds.indexOf(numbers[i] as number), true));
    try {
      return guestWith(memory, fds).poll_oneoff(subscriptions, events, count, found);
    } finally {
      const after = new DataView(memory.buffer);
      places.forEach((place, i) => after.setUint32(place, numbers[i] as number, true));
    }
  };
}

/** What a look found: whether the descriptor is ready, hung up, or has an error; undefined if it is neither. */
export interface Look {
  readonly isHungUp: boolean;
  readonly isBroken: boolean;
}

/** Results of a look that poll_oneoff refuses. */
export type Refusal = "never ready" | "always ready";

const EVENTS = 3 * SUBSCRIPTION_SIZE;
const FOUND = 1024;
const STAT = 1040;
/** The guest's number of a socket that can always be written to. */
const SENTINEL = 1;
/** In nanoseconds. uvwasi cuts a shorter timeout to 0. */
const MILLISECOND = 1_000_000;
/** What a call takes besides its timeout, and the longest of its timeouts, in ms. */
const LATE_MS = 0.5;
const LONGEST_MS = 16;
const STAT_TYPE = 0;
const STAT_RIGHTS = 8;
const RIGHT_READ = 1 << 1;
const RIGHT_WRITE = 1 << 6;

/**
 * One descriptor in node:wasi. Its first look makes the open file non-blocking (uv_poll_init).
 *
 * uvwasi's loop runs its timers first, and their times are whole milliseconds, so that a call may end without a look
 * at its descriptors. Each call therefore has a second descriptor, which is always ready: where that one is not
 * reported the other has not been looked at.
 */
export class Looker {
  static #memory: WebAssembly.Memory | undefined;
  readonly #calls: Calls;
  readonly #hasSentinel: boolean;
  /** The fs_filetype: SOCKET_DGRAM, SOCKET_STREAM or another. */
  readonly type: number;
  readonly canRead: boolean;
  readonly canWrite: boolean;

  /**
   * @param sentinel a socket that can always be written to; undefined until the watcher runs
   * @throws {Error} if the descriptor is not open, or of a kind that WASI does not have
   */
  constructor(fd: number, sentinel: number | undefined) {
    const memory = (Looker.#memory ??= new WebAssembly.Memory({ initial: 1 }));
    this.#hasSentinel = sentinel !== undefined && sentinel !== fd;
    this.#calls = guestWith(memory, [fd, sentinel ?? fd]);
    this.#calls.fd_fdstat_get(0, STAT);
    const view = new DataView(memory.buffer);
    this.type = view.getUint8(STAT + STAT_TYPE);
    const rights = view.getUint32(STAT + STAT_RIGHTS, true);
    this.canRead = (rights & RIGHT_READ) !== 0;
    this.canWrite = (rights & RIGHT_WRITE) !== 0;
  }

  /** Whether the descriptor is ready now, in one direction. A descriptor that is not ready takes a millisecond. */
  look(type: number): Look | Refusal | undefined {
    for (let ms = 1; ; ms = Math.min(2 * ms, LONGEST_MS)) {
      const begun = performance.now();
      const found = this.#lookFor(type, ms);
      if (found !== "not looked at") return found;
      // Without a socket to compare with: a loop that slept in the kernel did so for a millisecond at least.
      const passed = performance.now() - begun;
      if (!this.#hasSentinel && passed >= 1 && passed < ms + LATE_MS) return undefined;
    }
  }

  #lookFor(type: number, ms: number): Look | Refusal | "not looked at" | undefined {
    const { buffer } = Looker.#memory as WebAssembly.Memory;
    const view = new DataView(buffer);
    new Uint8Array(buffer, 0, EVENTS).fill(0);
    view.setUint8(SUBSCRIPTION_TYPE, type);
    view.setUint8(SUBSCRIPTION_SIZE + SUBSCRIPTION_TYPE, TYPE_CLOCK);
    view.setUint32(SUBSCRIPTION_SIZE + SUBSCRIPTION_TIMEOUT, ms * MILLISECOND, true);
    view.setUint8(2 * SUBSCRIPTION_SIZE + SUBSCRIPTION_USERDATA, 1);
    view.setUint8(2 * SUBSCRIPTION_SIZE + SUBSCRIPTION_TYPE, TYPE_WRITE);
    view.setUint32(2 * SUBSCRIPTION_SIZE + SUBSCRIPTION_FD, SENTINEL, true);
    const count = this.#hasSentinel ? 3 : 2;
    const error = this.#calls.poll_oneoff(0, EVENTS, count, FOUND);
    // epoll_ctl(2) refuses what does not block (uv_poll_init).
    if (error !== 0) return error === WASI_PERM ? "always ready" : "never ready";
    if (view.getUint8(EVENTS + EVENT_TYPE) === TYPE_CLOCK) return "not looked at";
    if (view.getUint8(EVENTS + EVENT_USERDATA) !== 0) return undefined;
    return {
      isHungUp: (view.getUint16(EVENTS + EVENT_FLAGS, true) & FLAG_HANGUP) !== 0,
      isBroken: view.getUint16(EVENTS + EVENT_ERROR, true) !== 0,
    };
  }
}
