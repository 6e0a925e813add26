// The watcher from the side of a thread that waits.

import { BroadcastChannel, isMainThread, threadId, Worker } from "node:worker_threads";
import {
  ANSWERED,
  type CloseRequest,
  COUNT,
  GENERATION,
  READABLE,
  REASON_SIZE,
  REFUSED,
  type Request,
  REQUESTS,
  type PairRequest,
  STARTING,
  STARTS,
} from "./requests.ts";

/** A thread needs no longer to start, and to look once, on any machine that is not stopped. */
const PATIENCE_MS = 60_000;
/** How long a thread waits until the main thread has started the watcher. */
const ABSENCE_MS = 20;

type Message = Request | PairRequest | CloseRequest;

/** The watcher of this process; undefined before the first wait, and in other threads. */
let worker: Worker | undefined;

/** Starts the watcher, which ends with the main thread. @throws {Error} if it is forbidden, or Node is not as expected */
function start(): Worker {
  const shared = new SharedArrayBuffer(4 + REASON_SIZE);
  const state = new Int32Array(shared, 0, 1);
  const made = new Worker(new URL("./watcher-thread.js", import.meta.url), {
    workerData: shared,
    execArgv: [],
    name: "omnipoll watcher",
  });
  made.unref();
  if (Atomics.wait(state, 0, STARTING, PATIENCE_MS) === "timed-out") {
    throw new Error("omnipoll: the thread that watches descriptors does not start");
  }
  if (Atomics.load(state, 0) === REFUSED) {
    const bytes = new Uint8Array(shared, 4).slice();
    const reason = new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
    throw new Error(
      `omnipoll: Node ${process.versions.node} is not as a wait without the native addon takes it: ${reason}`,
    );
  }
  return made;
}

/** Lets other threads of this process have the watcher. Called when the main thread chooses this host. */
export function offerWatcher(): void {
  if (!isMainThread) return;
  const channel = new BroadcastChannel(STARTS);
  channel.addEventListener("message", () => {
    try {
      worker ??= start();
    } catch {
      // The thread that asked goes on without.
    }
  });
  channel.unref();
}

/** Sends a message without keeping a channel, which would collect the messages of all threads. */
function broadcast(name: string, message: unknown): void {
  const channel = new BroadcastChannel(name);
  channel.postMessage(message);
  channel.close();
}

function send(message: Message): void {
  if (isMainThread) (worker ??= start()).postMessage(message);
  else broadcast(REQUESTS, message);
}

/** What this thread asks of the watcher. */
export class Watcher {
  #cells = new Int32Array(new SharedArrayBuffer(4 * 64));
  #id = 0;
  #seen = 0;
  #sentinel: readonly [number, number] | undefined;
  /** The sockets of pairs that this thread has made. */
  readonly #sockets = new Set<number>();
  /** Whether the watcher has ever answered this thread. */
  #isThere = isMainThread;

  /**
   * Asks for the descriptors that are readable now. Returns them, ~fd for one that cannot be watched; or undefined if
   * there is no watcher, which only a thread can find that is not the main one.
   */
  look(fds: readonly number[], isNew: (fd: number) => boolean): number[] | undefined {
    if (READABLE + fds.length > this.#cells.length) {
      this.#cells = new Int32Array(new SharedArrayBuffer(4 * (READABLE + 2 * fds.length)));
    }
    const id = ++this.#id;
    send({
      client: threadId,
      id,
      cells: this.#cells.buffer as SharedArrayBuffer,
      fds: Int32Array.from(fds),
      isNew: Uint8Array.from(fds, (fd) => Number(!this.#isThere || isNew(fd))),
    });
    if (!this.#isThere) broadcast(STARTS, null);
    if (!this.#until(() => Atomics.load(this.#cells, ANSWERED) === id)) return undefined;
    this.#isThere = true;
    return this.#taken();
  }

  /** Waits until `holds`. Returns false if there is no watcher. */
  #until(holds: () => boolean): boolean {
    const limit = performance.now() + (this.#isThere ? PATIENCE_MS : ABSENCE_MS);
    while (true) {
      const generation = Atomics.load(this.#cells, GENERATION);
      if (holds()) return true;
      const left = limit - performance.now();
      if (left <= 0) return false;
      Atomics.wait(this.#cells, GENERATION, generation, left);
    }
  }

  /** The descriptors that the watcher has reported so far. */
  #taken(): number[] {
    this.#seen = Atomics.load(this.#cells, COUNT);
    return Array.from(this.#cells.subarray(READABLE, READABLE + this.#seen));
  }

  /** Waits until more descriptors are readable than were at the last look, for `ms` at most. Returns all of them. */
  sleep(ms: number): number[] {
    const generation = Atomics.load(this.#cells, GENERATION);
    if (Atomics.load(this.#cells, COUNT) === this.#seen) {
      Atomics.wait(this.#cells, GENERATION, generation, ms);
    }
    return this.#taken();
  }

  /** A socket that can always be written to, as nobody does; undefined as long as there is no watcher. */
  sentinel(): number | undefined {
    return (this.#sentinel ??= this.pair())?.[0];
  }

  /** Sends a message with cells, and waits for the answer in them. Returns false if there is no watcher. */
  #exchange(cells: Int32Array, message: Message): boolean {
    const generation = Atomics.load(cells, GENERATION);
    send(message);
    const ms = this.#isThere ? PATIENCE_MS : ABSENCE_MS;
    return Atomics.wait(cells, GENERATION, generation, ms) !== "timed-out";
  }

  /** Two connected sockets; undefined if there is no watcher. @throws {Error} if they cannot be made */
  pair(): readonly [number, number] | undefined {
    const shared = new SharedArrayBuffer(4 * (READABLE + 2));
    const cells = new Int32Array(shared);
    if (!this.#exchange(cells, { pair: shared })) return undefined;
    const [first = -1, second = -1] = cells.subarray(READABLE);
    if (first < 0 || second < 0)
      throw new Error("omnipoll: the sockets of this Node have no numbers");
    for (const fd of [first, second]) this.#sockets.add(fd);
    return [first, second];
  }

  /**
   * Closes a socket of `pair`. Returns false for another number. Closed otherwise, the handle in the watcher would
   * stay for ever.
   */
  close(fd: number): boolean {
    if (!this.#sockets.delete(fd)) return false;
    const shared = new SharedArrayBuffer(4 * (READABLE + 1));
    const cells = new Int32Array(shared);
    cells[READABLE] = fd;
    this.#exchange(cells, { socket: shared });
    return true;
  }
}
