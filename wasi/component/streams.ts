// wasi:io/streams over the files of a guest. No call but those named "blocking" waits.

import { EAGAIN, EVENT_IN, EVENT_OUT } from "../../asm/abi.ts";
import type { OpenFile } from "../guest/open-file.ts";
import { TYPE_DATAGRAM } from "../guest/preview1.ts";
import type { Entry } from "../guest/table.ts";
import { type StreamError, StreamFailure, streamError } from "./errors.ts";
import { DISPOSE, Pollable, type Polling, type Subject } from "./poll.ts";

/** Most bytes of one read, and of one write. */
const MOST = 65_536;
/** Most bytes of blocking-write-and-flush. */
const MOST_BLOCKING = 4096;
const EBADF = 9;
const NOTHING = new Uint8Array(0);

/** The smaller one of a u64 and a number. */
function atMost(len: bigint, most: number): number {
  return len < BigInt(most) ? Number(len) : most;
}

/** An end of a stream: its file, and whether an operation has ended it. */
abstract class Stream {
  readonly entry: Entry;
  readonly polling: Polling;
  /** The failure that the next call reports; afterwards the stream is closed. */
  #failure: StreamError | undefined;

  /** @param entry the descriptor, which stays open when the stream is dropped */
  constructor(polling: Polling, entry: Entry) {
    this.polling = polling;
    this.entry = entry;
  }

  fail(failure: StreamError): void {
    this.#failure = failure;
  }

  /** @throws {StreamFailure} if the stream has failed or is closed */
  check(): void {
    this.polling.check();
    if (this.entry.isClosed) this.#failure ??= streamError(EBADF);
    const failure = this.#failure;
    if (failure === undefined) return;
    this.#failure = { tag: "closed" };
    throw new StreamFailure(failure);
  }

  /** What a pollable of the stream waits for. */
  subject(want: number, settle: () => boolean): Subject {
    const file = (): OpenFile | undefined =>
      this.#failure !== undefined || this.entry.isClosed ? undefined : this.entry.file;
    return { want, due: undefined, settle, file };
  }
}

/** The resource `input-stream`. */
export class InputStream extends Stream {
  readonly #subject = this.subject(EVENT_IN, () => true);

  read(len: bigint): Uint8Array {
    this.check();
    const { file } = this.entry;
    if (len === 0n) return NOTHING;
    const buffer = new Uint8Array(atMost(len, MOST));
    const result = file.read?.(buffer) ?? -EBADF;
    if (result > 0) return buffer.subarray(0, result);
    if (result === -EAGAIN || (result === 0 && file.filetype === TYPE_DATAGRAM)) return NOTHING;
    this.fail(result === 0 ? { tag: "closed" } : streamError(-result));
    this.check();
    return NOTHING;
  }

  blockingRead(len: bigint): Uint8Array {
    if (len === 0n) this.polling.wait([this.#subject]);
    for (;;) {
      const bytes = this.read(len);
      if (bytes.length > 0 || len === 0n) return bytes;
      this.polling.wait([this.#subject]);
    }
  }

  skip(len: bigint): bigint {
    return BigInt(this.read(len).length);
  }

  blockingSkip(len: bigint): bigint {
    return BigInt(this.blockingRead(len).length);
  }

  subscribe(): Pollable {
    return new Pollable(this.polling, this.#subject);
  }
}

/** A stream to read from: ours, or the runtime's. */
export interface Readable {
  read(len: bigint): Uint8Array;
  subscribe(): { block(): void; [DISPOSE]?(): void };
}

/**
 * The resource `output-stream`. The bytes of a write that the file does not take at once are kept, and written when
 * the program flushes, polls or asks for a permit.
 */
export class OutputStream extends Stream {
  #kept = NOTHING;
  /** Bytes that the next write may have. */
  #permit = 0;
  readonly #subject = this.subject(EVENT_OUT, () => this.#drain());

  /** Writes what is kept. Returns whether that has ended, also with a failure. */
  #drain(): boolean {
    while (this.#kept.length > 0) {
      const result = this.entry.isClosed ? -EBADF : (this.entry.file.write?.(this.#kept) ?? -EBADF);
      if (result === -EAGAIN || result === 0) return false;
      if (result < 0) this.fail(streamError(-result));
      this.#kept = result < 0 ? NOTHING : this.#kept.subarray(result);
    }
    return true;
  }

  checkWrite(): bigint {
    this.check();
    this.#permit = this.#drain() && this.polling.look(this.#subject) ? MOST : 0;
    this.check();
    return BigInt(this.#permit);
  }

  /** @throws {Error} which is a trap, for more bytes than the last check-write has permitted */
  write(contents: Uint8Array): void {
    this.check();
    if (contents.length > this.#permit) {
      throw new Error(
        `wasi:io/streams: write of ${contents.length} bytes, ${this.#permit} are permitted`,
      );
    }
    if (contents.length === 0) return;
    this.#permit = 0;
    // The bytes are the component's: they may change when this call has returned.
    this.#kept = contents.slice();
    this.#drain();
    this.check();
  }

  blockingWriteAndFlush(contents: Uint8Array): void {
    if (contents.length > MOST_BLOCKING) {
      throw new Error(
        `wasi:io/streams: blocking-write-and-flush of ${contents.length} bytes, at most ${MOST_BLOCKING} are permitted`,
      );
    }
    this.blockingFlush();
    this.#permit = contents.length;
    this.write(contents);
    this.blockingFlush();
  }

  flush(): void {
    this.check();
    this.#drain();
    this.check();
  }

  blockingFlush(): void {
    this.flush();
    // No wait for more room: a program that has filled its own pipe would wait for itself.
    while (this.#kept.length > 0) this.polling.wait([this.#subject]);
    this.check();
  }

  subscribe(): Pollable {
    return new Pollable(this.polling, this.#subject);
  }

  writeZeroes(len: bigint): void {
    this.write(new Uint8Array(atMost(len, MOST + 1)));
  }

  blockingWriteZeroesAndFlush(len: bigint): void {
    this.blockingWriteAndFlush(new Uint8Array(atMost(len, MOST + 1)));
  }

  splice(src: Readable, len: bigint): bigint {
    const permit = this.checkWrite();
    const bytes = src.read(len < permit ? len : permit);
    this.write(bytes);
    return BigInt(bytes.length);
  }

  blockingSplice(src: Readable, len: bigint): bigint {
    this.polling.wait([this.#subject]);
    const pollable = src.subscribe();
    pollable.block();
    pollable[DISPOSE]?.();
    return this.splice(src, len);
  }

  /** A last attempt: what the program has not flushed may be lost. */
  [DISPOSE](): void {
    this.#drain();
  }
}
