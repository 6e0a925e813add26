// What a thread that waits and the watcher (watcher-thread.ts) say to one another.

/** Cells of the memory that both share. */
export const GENERATION = 0;
/** The request whose descriptors have been looked at. */
export const ANSWERED = 1;
/**
 * How many descriptors of that request are readable so far. Their numbers follow; ~ of a number is for one that
 * cannot be watched.
 */
export const COUNT = 2;
export const READABLE = 3;

/** Asks which descriptors are readable: those that are by now, and then every one that becomes so. */
export interface Request {
  /** The thread, whose earlier request this one replaces. */
  readonly client: number;
  /** Number of the request, which goes to ANSWERED. */
  readonly id: number;
  readonly cells: SharedArrayBuffer;
  readonly fds: Int32Array;
  /** 1 for each descriptor whose file is another one than in the last request of this client. */
  readonly isNew: Uint8Array;
}

/** Asks for two connected sockets; their numbers go to READABLE, -1 if there are none. */
export interface PairRequest {
  readonly pair: SharedArrayBuffer;
}

/** Asks to close the socket of a pair whose number is in READABLE. */
export interface CloseRequest {
  readonly socket: SharedArrayBuffer;
}

/** Whether the watcher runs, in the first cell of its `workerData`. */
export const STARTING = 0;
export const RUNNING = 1;
export const REFUSED = 2;
/** Bytes of the reason of a refusal, behind the first cell. */
export const REASON_SIZE = 512;

/** The channel that the watcher of this process listens to. */
export const REQUESTS = "omnipoll requests";
/** The channel on which a thread asks the main thread to start the watcher. */
export const STARTS = "omnipoll watcher";

/** Wakes the thread that waits at a generation. */
export function notify(cells: Int32Array): void {
  Atomics.add(cells, GENERATION, 1);
  Atomics.notify(cells, GENERATION);
}
