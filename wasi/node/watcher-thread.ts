// The watcher: the thread of a process whose event loop has all descriptors that a thread of the process waits for.
// It is the main thread's, since the handles of a thread that ends close their descriptors.

import { fstatSync } from "node:fs";
import { BroadcastChannel, parentPort, workerData } from "node:worker_threads";
import { type Handle, makeHandle } from "./handles.ts";
import type { Socket } from "node:net";
import { ended, fdOf, openPair } from "./pair.ts";
import {
  ANSWERED,
  type CloseRequest,
  COUNT,
  notify,
  type PairRequest,
  READABLE,
  REFUSED,
  type Request,
  REQUESTS,
  RUNNING,
} from "./requests.ts";

/** Whether a number is open, on a file of a kind that may make its reader wait. */
function isWatchable(fd: number): boolean {
  try {
    const stat = fstatSync(fd);
    return !(stat.isFile() || stat.isDirectory() || stat.isBlockDevice());
  } catch {
    return false;
  }
}

/** A descriptor, and the threads that wait for it. */
class Watched {
  readonly waiting = new Set<Client>();
  readonly #fd: number;
  readonly #handle: Handle;
  #isOpen = false;
  #isReading = false;

  constructor(fd: number) {
    this.#fd = fd;
    this.#handle = makeHandle(() => this.#report());
  }

  /** Reports the descriptor once. A handle is never closed, since that would close the descriptor. */
  #report(): void {
    this.#handle.readStop();
    this.#isReading = false;
    for (const client of this.waiting) client.add(this.#fd);
    this.waiting.clear();
  }

  /** Takes the descriptor out of the loop, and `resume` puts it back for those that wait. */
  pause(): void {
    if (this.#isReading) this.#handle.readStop();
  }

  resume(): void {
    this.#isReading &&= this.waiting.size > 0;
    if (this.#isReading && !this.#start(true)) this.#report();
  }

  #start(isNew: boolean): boolean {
    if (this.#isReading) this.#handle.readStop();
    // libuv aborts the process if epoll_ctl(2) refuses a descriptor (uv__io_poll).
    if (!isWatchable(this.#fd)) return false;
    // Another file under the number: `open` also makes that one non-blocking, as a handle must be.
    this.#isOpen &&= !isNew;
    this.#isOpen ||= this.#handle.open(this.#fd) === 0;
    return this.#isOpen && this.#handle.readStart() === 0;
  }

  /** @param isNew whether the number may have become another file's since the last call */
  watch(client: Client, isNew: boolean): void {
    this.waiting.add(client);
    if (this.#isReading && !isNew) return;
    this.#isReading = this.#start(isNew);
    if (this.#isReading) {
      this.#handle.unref();
      return;
    }
    // The thread looks at the descriptor itself, from time to time.
    this.waiting.delete(client);
    client.add(~this.#fd);
  }
}

/** A thread that waits. */
class Client {
  #cells = new Int32Array(new SharedArrayBuffer(4));
  #fds: Int32Array = new Int32Array(0);
  #id = 0;
  #hasAnswer = false;

  add(fd: number): void {
    const count = Atomics.load(this.#cells, COUNT);
    Atomics.store(this.#cells, READABLE + count, fd);
    Atomics.store(this.#cells, COUNT, count + 1);
    if (this.#hasAnswer) notify(this.#cells);
  }

  ask({ id, cells, fds, isNew }: Request): void {
    for (const fd of this.#fds) watched.get(fd)?.waiting.delete(this);
    this.#cells = new Int32Array(cells);
    this.#fds = fds;
    this.#id = id;
    this.#hasAnswer = false;
    Atomics.store(this.#cells, COUNT, 0);
    for (let i = 0; i < fds.length; i++) {
      const fd = fds[i] as number;
      let one = watched.get(fd);
      if (one === undefined) watched.set(fd, (one = new Watched(fd)));
      one.watch(this, isNew[i] !== 0);
    }
    // The loop looks at its descriptors between the two.
    setImmediate(() => setImmediate(() => this.#answer(id)));
  }

  #answer(id: number): void {
    if (id !== this.#id) return;
    this.#hasAnswer = true;
    Atomics.store(this.#cells, ANSWERED, id);
    notify(this.#cells);
  }
}

type Message = Request | PairRequest | CloseRequest;

const watched = new Map<number, Watched>();
const clients = new Map<number, Client>();
/** The sockets of pairs, by their numbers, as long as this thread is to close them. */
const sockets = new Map<number, Socket>();

/** The requests that came while a pair was being made; undefined if none is. */
let waiting: Message[] | undefined;

/**
 * Makes a pair of sockets. All descriptors are out of the loop meanwhile: a number may have been closed and become one
 * of the pair's, and libuv knows one handle for each number (uv__io_start).
 */
async function makePair(shared: SharedArrayBuffer): Promise<void> {
  const cells = new Int32Array(shared);
  waiting = [];
  for (const one of watched.values()) one.pause();
  try {
    const pair = await openPair();
    const fds = pair.map(fdOf);
    pair.forEach((socket, i) => sockets.set(fds[i] as number, socket));
    cells.set(fds, READABLE);
  } catch {
    cells.set([-1, -1], READABLE);
  }
  for (const one of watched.values()) one.resume();
  notify(cells);
  const late = waiting;
  waiting = undefined;
  for (const message of late) take(message);
}

/** Closes the socket that the cells name: a number that is closed without this thread is never another one's. */
async function closeSocket(shared: SharedArrayBuffer): Promise<void> {
  const cells = new Int32Array(shared);
  const fd = cells[READABLE] as number;
  const socket = sockets.get(fd);
  sockets.delete(fd);
  if (socket !== undefined) await ended(socket);
  notify(cells);
}

function take(message: Message): void {
  if (waiting !== undefined) return void waiting.push(message);
  if ("pair" in message) return void makePair(message.pair);
  if ("socket" in message) return void closeSocket(message.socket);
  const known = clients.get(message.client) ?? new Client();
  clients.set(message.client, known);
  known.ask(message);
}

const state = new Int32Array(workerData as SharedArrayBuffer, 0, 1);
try {
  makeHandle(() => {});
  parentPort?.on("message", take);
  new BroadcastChannel(REQUESTS).addEventListener("message", (event: unknown) =>
    take((event as { readonly data: Message }).data),
  );
  Atomics.store(state, 0, RUNNING);
} catch (error) {
  const reason = new TextEncoder().encode((error as Error).message);
  new Uint8Array(workerData as SharedArrayBuffer, 4).set(reason.subarray(0, 512));
  Atomics.store(state, 0, REFUSED);
}
Atomics.notify(state, 0);
