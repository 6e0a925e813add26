// Parts that all sources have: the watchers, the bytes that wait, the error that is pending.

import { EAGAIN, EVENT_ERR, EVENT_HUP, EVENT_IN } from "../../asm/abi.ts";
import { describeErrno } from "../../host/errno.ts";

export const EIO = 5;
export const EPROTO = 71;
export const ECONNRESET = 104;
export const ECONNREFUSED = 111;
export const SHUT_RD = 0;
export const SHUT_WR = 1;
/** The highest errno of Linux. */
const HIGHEST = 133;

/** The watchers of a source. */
export class Watchers {
  readonly #watchers = new Set<() => void>();
  /** Called with whether there are watchers, when that changes. */
  onUse: ((isWatched: boolean) => void) | undefined;

  /** `watch` of a source. */
  add(changed: () => void): () => void {
    const own = (): void => changed();
    this.#watchers.add(own);
    if (this.#watchers.size === 1) this.onUse?.(true);
    return () => {
      if (this.#watchers.delete(own) && this.#watchers.size === 0) this.onUse?.(false);
    };
  }

  notify(): void {
    for (const changed of this.#watchers) changed();
  }
}

/** Linux's errno of an error of a stream: by its code, if that is the name of one; else EIO. */
export function errnoOf(error: unknown): number {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  for (let errno = 1; errno <= HIGHEST; errno++) {
    if (describeErrno(errno)[0] === code) return errno;
  }
  return EIO;
}

/** The bytes of a message or a chunk; a string as UTF-8. Undefined for any other value. */
export function bytesOf(value: unknown): Uint8Array | undefined {
  if (typeof value === "string") return new TextEncoder().encode(value);
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  }
  const isBuffer = Object.prototype.toString.call(value).endsWith("ArrayBuffer]");
  return isBuffer ? new Uint8Array(value as ArrayBuffer) : undefined;
}

/** What has arrived and is not read yet: chunks, then an error, then the end. */
export class Inbox {
  readonly #chunks: Uint8Array[] = [];
  /** Whether a read takes one chunk, and drops the bytes for which it has no room (recv(2) of datagrams). */
  readonly #isDatagrams: boolean;
  /** Number of bytes taken of the first chunk. */
  #taken = 0;
  #size = 0;
  /** Positive errno, 0 without an error. */
  error = 0;
  hasEnded = false;

  constructor(isDatagrams = false) {
    this.#isDatagrams = isDatagrams;
  }

  push(bytes: Uint8Array): void {
    if (this.hasEnded || (bytes.length === 0 && !this.#isDatagrams)) return;
    this.#chunks.push(bytes);
    this.#size += bytes.length;
  }

  /** Ends the bytes, with an error if `errno` is not 0. Only the first end counts. */
  end(errno = 0): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.error = errno;
  }

  /** Drops what has arrived, and everything that would come. */
  drop(): void {
    this.#chunks.length = 0;
    this.#size = 0;
    this.hasEnded = true;
    this.error = 0;
  }

  /** `readable` of a source: as FIONREAD, the bytes of the next datagram or all bytes. */
  get size(): number {
    return this.#isDatagrams ? (this.#chunks[0]?.length ?? 0) : this.#size;
  }

  get ready(): number {
    const isReadable = this.#chunks.length > 0 || this.hasEnded;
    const end = this.hasEnded ? EVENT_HUP : 0;
    return (isReadable ? EVENT_IN : 0) | end | (this.error === 0 ? 0 : EVENT_ERR);
  }

  /** `read` of a source. */
  read(buffer: Uint8Array): number {
    let done = 0;
    while (this.#chunks.length > 0) {
      const chunk = this.#chunks[0] as Uint8Array;
      const part = chunk.subarray(this.#taken, this.#taken + buffer.length - done);
      buffer.set(part, done);
      done += part.length;
      this.#taken += part.length;
      this.#size -= part.length;
      const isOver = this.#isDatagrams || this.#taken === chunk.length;
      if (!isOver) return done;
      this.#size -= chunk.length - this.#taken;
      this.#chunks.shift();
      this.#taken = 0;
      if (this.#isDatagrams || done === buffer.length) return done;
    }
    if (done > 0) return done;
    const { error } = this;
    this.error = 0;
    if (error !== 0) return -error;
    return this.hasEnded ? 0 : -EAGAIN;
  }
}
