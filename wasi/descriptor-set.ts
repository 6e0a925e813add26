// The descriptors of one thread, as another thread sees them. A worker that is terminated runs no more code, so
// that what its guest had open stays open in the process.

import { CALL_NAMES, callOf } from "../host/calls.ts";
import type { HostCalls } from "../host/host.ts";
import type { OsObject } from "./guest/module.ts";

const EMFILE = 24;
/** Linux gives no higher numbers (fs.nr_open) unless its administrator says so. */
const CAPACITY = 1 << 20;
const BYTES = CAPACITY / 8;

/**
 * The calls of a host that open a descriptor. Those of posts and signals are not here: the host itself closes
 * theirs when a thread ends. `dup3` gives a number that is open.
 */
const OPENING = CALL_NAMES.filter((name) => {
  const { gives, group } = callOf(name);
  return gives === "fd" && group !== "posts" && name !== "signal_open" && name !== "dup3";
});

/**
 * The descriptors of the host that a guest has open, in shared memory. The worker of the guest makes its modules
 * on `recordHost` and `recordOs`; after `worker.terminate()` the thread that started it calls `closeAll`.
 *
 * ```js
 * const open = new DescriptorSet(workerData.open);
 * const select = createSelectModule(open.recordHost(host));
 * const guest = createGuest({ select, os: open.recordOs(os), memory, cancel: workerData.cancel });
 * ```
 *
 * A descriptor that the worker opens otherwise, or has opened for another thread, is not in the set. The worker
 * must not be ended in the middle of a call that opens one: `cancel` of createGuest ends a guest that makes calls,
 * and `terminate` one that makes none.
 */
export class DescriptorSet {
  /** What the other thread makes its object of: one bit for each number below 2^20. */
  readonly shared: SharedArrayBuffer;
  readonly #words: Int32Array;

  /**
   * @param shared that of the other thread's set. Default: a new one, which is empty
   * @throws {TypeError} if `shared` is that of no set
   */
  constructor(shared: SharedArrayBuffer = new SharedArrayBuffer(BYTES)) {
    if (!(shared instanceof SharedArrayBuffer) || shared.byteLength !== BYTES) {
      throw new TypeError("shared must be the `shared` of another DescriptorSet");
    }
    this.shared = shared;
    this.#words = new Int32Array(shared);
  }

  /** The number of descriptors. */
  get size(): number {
    return this.#numbers().length;
  }

  #numbers(): number[] {
    const found: number[] = [];
    for (const [i, word] of this.#words.entries()) {
      if (word === 0) continue;
      for (let bit = 0; bit < 32; bit++) {
        if (word & (1 << bit)) found.push(32 * i + bit);
      }
    }
    return found;
  }

  /** A host whose calls put the descriptors that they open into the set, and take out those that they close. */
  recordHost<H extends HostCalls>(host: H): H {
    const words = this.#words;
    const opening = OPENING.map((name) => {
      const inner = host[name] as (...given: number[]) => number;
      const outer = (...given: number[]): number => {
        const fd = inner(...given);
        if (fd >= CAPACITY) {
          host.close(fd);
          return -EMFILE;
        }
        if (fd >= 0) Atomics.or(words, fd >> 5, 1 << (fd & 31));
        return fd;
      };
      return [name, outer];
    });
    const close = (fd: number): number => {
      // First, since another thread may have the number as soon as it is closed.
      this.#delete(fd);
      return host.close(fd);
    };
    return { ...host, ...(Object.fromEntries(opening) as object), close };
  }

  /** The same for those calls of omnipoll/os that createGuest makes. */
  recordOs<Os extends OsObject>(os: Os): Os {
    const words = this.#words;
    const opened = (fd: number): number => {
      if (fd >= CAPACITY) {
        os.close(fd);
        throw new RangeError(
          `descriptor ${fd} is not below ${CAPACITY}, which a DescriptorSet needs`,
        );
      }
      Atomics.or(words, fd >> 5, 1 << (fd & 31));
      return fd;
    };
    const recording: Pick<OsObject, "close" | "dup" | "eventfd" | "socketpair" | "accept"> = {
      close: (fd) => {
        this.#delete(fd);
        os.close(fd);
      },
      dup: (fd) => opened(os.dup(fd)),
      eventfd: (initval, flags) => opened(os.eventfd(initval, flags)),
      socketpair: () => {
        const [a, b] = os.socketpair();
        return [opened(a), opened(b)];
      },
      accept: (fd) => {
        const [connection, address] = os.accept(fd);
        return [opened(connection), address];
      },
    };
    return { ...os, ...recording };
  }

  #delete(fd: number): void {
    if (fd >= 0 && fd < CAPACITY) Atomics.and(this.#words, fd >> 5, ~(1 << (fd & 31)));
  }

  /**
   * Closes all descriptors of the set, which is empty then, and returns how many there were. Call it when the
   * worker has ended (its "exit" event), and not before.
   */
  closeAll(os: Pick<OsObject, "close">): number {
    const numbers = this.#numbers();
    for (const fd of numbers) {
      this.#delete(fd);
      try {
        os.close(fd);
      } catch {
        // The program has closed it by other means.
      }
    }
    return numbers.length;
  }
}
