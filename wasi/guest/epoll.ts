// epoll for C guests (wasi/include/sys/epoll.h): an epoll object of omnipoll behind the guest's numbers.
//
// As in Linux, a registration is of an open file and of the number by which it was added, and goes with
// the file. The object knows descriptors of the host, and returns one number where epoll(7) returns 64
// bits: the guest's numbers and data are kept here.

import {
  CAPABILITY_EPOLL,
  EBADF,
  EINVAL,
  ENOENT,
  EPERM,
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_CTL_MOD,
} from "../../asm/abi.ts";
import type { Slot } from "../slots.ts";
import type { Waits } from "../wait.ts";
import type { GuestContext } from "./context.ts";
import { QueueDescriptor } from "./descriptor.ts";
import { EFAULT } from "./failure.ts";
import { type GuestFile, type Holder, leaveFiles } from "./files.ts";
import { type EpollData, SourceSet } from "./source-set.ts";
import { NS_PER_MS, readTimespec, TIMESPEC_SIZE } from "./timespec.ts";

// struct epoll_event on wasm32, which is not packed.
//
//   0            8
//   | events u32 | data u64 |

export const EPOLL_EVENT_SIZE = 16;
export const EPOLL_EVENT_EVENTS = 0;
export const EPOLL_EVENT_DATA = 8;

/** Too many registrations (max_user_watches). */
const ENOSPC = 28;
/** The kernel takes no more events: INT_MAX / sizeof(struct epoll_event). */
const MOST_EVENTS = Math.floor(0x7fffffff / EPOLL_EVENT_SIZE);
/** Room for events that an epoll begins with. */
const FEWEST = 16;

/** A registration of a file that is a descriptor of the host. */
interface HostRegistration extends EpollData {
  readonly file: GuestFile;
  /** The guest's number by which the file was added. */
  readonly fd: number;
  /** The descriptor that the object has: the file's, or a duplicate where the file's is in use. */
  readonly host: number;
}

/** An epoll of a guest. */
export class GuestEpoll implements GuestFile, Holder {
  readonly isPollable = true;
  readonly holders = new Set<Holder>();
  readonly poll: number;
  readonly #context: GuestContext;
  readonly #epoll;
  readonly #byHost = new Map<number, HostRegistration>();
  readonly #byFile = new Map<GuestFile, HostRegistration[]>();
  readonly #sources: SourceSet;
  readonly #descriptor: QueueDescriptor;
  /** Room for the events of one wait, as the object writes them. */
  #found = new Int32Array(2 * FEWEST);

  /** @throws {OSError} of `select.epoll()` */
  constructor(context: GuestContext) {
    this.#context = context;
    this.#epoll = context.select.epoll();
    this.poll = this.#epoll.fileno();
    this.#sources = new SourceSet(this.#epoll, context.os);
    this.#descriptor = new QueueDescriptor(context, this.poll, this.#sources, CAPABILITY_EPOLL);
    context.registrations.add(this);
  }

  get registrations(): number {
    return this.#byHost.size + this.#sources.size;
  }

  /** epoll_ctl(2) without the checks of descriptors. 0 or a negative errno of Linux. */
  control(op: number, file: GuestFile, fd: number, mask: number, data: EpollData): number {
    if (op !== EPOLL_CTL_ADD && op !== EPOLL_CTL_DEL && op !== EPOLL_CTL_MOD) return -EINVAL;
    const { registrations } = this.#context;
    if (file.source !== undefined) {
      const isNew = op === EPOLL_CTL_ADD && !this.#sources.has(file, fd);
      if (isNew && !registrations.hasRoom()) return -ENOSPC;
      const result = this.#sources.control(op, file, fd, mask, data);
      if (result === 0) file.holders.add(this);
      return result;
    }
    const known = this.#byFile.get(file)?.find((registration) => registration.fd === fd);
    if (op === EPOLL_CTL_ADD && known === undefined && !registrations.hasRoom()) return -ENOSPC;
    if (op === EPOLL_CTL_ADD) return this.#add(known, file, fd, mask, data);
    if (known === undefined) return -ENOENT;
    if (op === EPOLL_CTL_DEL) {
      this.#remove(known);
      return 0;
    }
    this.#epoll.modify(known.host, mask);
    known.low = data.low;
    known.high = data.high;
    return 0;
  }

  #add(
    known: HostRegistration | undefined,
    file: GuestFile,
    fd: number,
    mask: number,
    { low, high }: EpollData,
  ): number {
    if (known !== undefined) {
      // The host may have forgotten it: the descriptor was closed behind the guest's back.
      this.#epoll.register(known.host, mask);
      known.low = low;
      known.high = high;
      return 0;
    }
    const isUsed = this.#byHost.has(file.poll);
    const host = isUsed ? this.#context.os.dup(file.poll) : file.poll;
    try {
      this.#epoll.register(host, mask);
    } catch (error) {
      if (isUsed) this.#context.os.close(host);
      throw error;
    }
    const registration = { file, fd, low, high, host };
    this.#byHost.set(host, registration);
    const others = this.#byFile.get(file);
    if (others === undefined) this.#byFile.set(file, [registration]);
    else others.push(registration);
    file.holders.add(this);
    return 0;
  }

  /** Removes a registration; the error of the host, if the host has forgotten it, is thrown at the end. */
  #remove(registration: HostRegistration): void {
    const { file, host } = registration;
    this.#byHost.delete(host);
    const left = (this.#byFile.get(file) ?? []).filter((other) => other !== registration);
    if (left.length > 0) {
      this.#byFile.set(file, left);
    } else {
      this.#byFile.delete(file);
      file.holders.delete(this);
    }
    try {
      this.#epoll.unregister(host);
    } finally {
      if (host !== file.poll) this.#context.os.close(host);
    }
  }

  /** The file ends: its registrations go. */
  ended(file: GuestFile): void {
    this.#sources.ended(file);
    for (const registration of this.#byFile.get(file) ?? []) {
      try {
        this.#remove(registration);
      } catch {
        // The host has forgotten the registration already.
      }
    }
  }

  /** Closes the epoll itself. */
  close(): void {
    const { os, registrations } = this.#context;
    registrations.delete(this);
    leaveFiles(this, this.#byHost.values(), this.#sources.end(), (fd) => os.close(fd));
    this.#epoll.close();
  }

  /**
   * Writes at most `most` events to the guest's memory, waiting for the first one for so many seconds,
   * `null` for ever. Returns how many.
   *
   * @throws {OSError} of `epoll.pollInto()`
   */
  #collect(to: number, most: number, timeout: number | null): number {
    const out = this.#roomFor(most);
    const found = this.#epoll.pollInto(out, timeout);
    const view = this.#context.memory.view();
    let count = 0;
    for (let i = 0; i < found; i++) {
      const registration = this.#byHost.get(out[2 * i] as number);
      // The bell is no registration of the guest's.
      if (registration === undefined) continue;
      writeEvent(view, to, count++, out[2 * i + 1] as number, registration);
    }
    if (this.#sources.size === 0) return count;
    // The memory may grow while an object of JavaScript is asked.
    return this.#sources.collect(most, count, (i, mask, data) =>
      writeEvent(this.#context.memory.view(), to, i, mask, data),
    );
  }

  /** Room for the events of a wait: no more than there can be. */
  #roomFor(most: number): Int32Array {
    let room = FEWEST;
    // One more than the registrations: the bell.
    while (room <= this.#byHost.size) room *= 2;
    room = Math.min(room, most);
    if (this.#found.length !== 2 * room) this.#found = new Int32Array(2 * room);
    return this.#found;
  }

  /** What a wait for the epoll's own descriptor waits for. */
  slot(want: number): Slot {
    return this.#descriptor.slot(want);
  }

  /** epoll_wait(2), for whole milliseconds, or for ever if `ms` < 0. The host blocks the thread. */
  block(to: number, most: number, ms: number): number {
    const { waiter } = this.#context;
    if (this.#sources.size > 0 || waiter.isBounded) return waiter.blocking(this.wait(to, most, ms));
    if (ms <= 0) return this.#collect(to, most, ms === 0 ? 0 : null);
    // Half a millisecond less, since the object rounds up to a whole one and a double may be a little more.
    return this.#collect(to, most, (ms - 0.5) / 1000);
  }

  /** epoll_wait(2) as a sequence of waits for the epoll's own descriptor. Fractions of `ms` count. */
  wait(to: number, most: number, ms: number): Waits {
    return this.#descriptor.waits(ms, () => this.#collect(to, most, 0) || undefined);
  }
}

function writeEvent(
  view: DataView,
  to: number,
  i: number,
  mask: number,
  { low, high }: EpollData,
): void {
  const at = (to >>> 0) + i * EPOLL_EVENT_SIZE;
  view.setUint32(at + EPOLL_EVENT_EVENTS, mask, true);
  view.setUint32(at + EPOLL_EVENT_EVENTS + 4, 0, true);
  view.setUint32(at + EPOLL_EVENT_DATA, low, true);
  view.setUint32(at + EPOLL_EVENT_DATA + 4, high, true);
}

/** The calls of wasi/include/sys/epoll.h. Results are negative errnos of Linux, or OSErrors are thrown. */
export function epollCalls(context: GuestContext) {
  const { files, memory } = context;

  /** The epoll of a wait, or a negative errno. */
  function waitable(epfd: number, to: number, most: number): GuestEpoll | number {
    if (most <= 0 || most > MOST_EVENTS) return -EINVAL;
    if (!memory.has(to, most, EPOLL_EVENT_SIZE)) return -EFAULT;
    const epoll = files.get(epfd);
    if (epoll instanceof GuestEpoll) return epoll;
    return epoll === undefined && !files.isForeign(epfd) ? -EBADF : -EINVAL;
  }

  function* pwait2(epfd: number, to: number, most: number, timespec: number): Waits {
    if (timespec !== 0 && !memory.has(timespec, 1, TIMESPEC_SIZE)) return -EFAULT;
    const ns = timespec === 0 ? -NS_PER_MS : readTimespec(memory.view(), timespec >>> 0);
    if (ns === undefined) return -EINVAL;
    const epoll = waitable(epfd, to, most);
    return typeof epoll === "number" ? epoll : yield* epoll.wait(to, most, Number(ns) / NS_PER_MS);
  }

  return {
    plain: {
      epoll_create1(flags: number): number {
        if (flags & ~EPOLL_CLOEXEC) return -EINVAL;
        return files.room(1) || files.add(new GuestEpoll(context), true);
      },

      epoll_ctl(epfd: number, op: number, fd: number, event: number): number {
        let mask = 0;
        const data = { low: 0, high: 0 };
        if (op !== EPOLL_CTL_DEL) {
          if (!memory.has(event, 1, EPOLL_EVENT_SIZE)) return -EFAULT;
          const view = memory.view();
          const at = event >>> 0;
          mask = view.getUint32(at + EPOLL_EVENT_EVENTS, true);
          data.low = view.getUint32(at + EPOLL_EVENT_DATA, true);
          data.high = view.getUint32(at + EPOLL_EVENT_DATA + 4, true);
        }
        // In the order of do_epoll_ctl.
        const epoll = files.get(epfd);
        if (epoll === undefined && !files.isForeign(epfd)) return -EBADF;
        const file = files.get(fd);
        if (file === undefined) return files.isForeign(fd) ? -EPERM : -EBADF;
        if (!file.isPollable) return -EPERM;
        if (file === epoll || !(epoll instanceof GuestEpoll)) return -EINVAL;
        return epoll.control(op, file, fd, mask, data);
      },
    },
    blocking: {
      epoll_wait(epfd: number, to: number, most: number, ms: number): number {
        const epoll = waitable(epfd, to, most);
        return typeof epoll === "number" ? epoll : epoll.block(to, most, ms);
      },
      epoll_pwait2: (epfd: number, to: number, most: number, timespec: number): number =>
        context.waiter.blocking(pwait2(epfd, to, most, timespec)),
    },

    waiting: {
      *epoll_wait(epfd: number, to: number, most: number, ms: number): Waits {
        const epoll = waitable(epfd, to, most);
        return typeof epoll === "number" ? epoll : yield* epoll.wait(to, most, ms);
      },
      epoll_pwait2: pwait2,
    },
  };
}
