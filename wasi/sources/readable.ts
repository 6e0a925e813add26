// Sources that read a stream.

import { EAGAIN, EBADF, EVENT_ERR, EVENT_HUP, EVENT_IN } from "../../asm/abi.ts";
import type { Source } from "../source.ts";
import { bytesOf, EIO, EPROTO, errnoOf, Inbox, SHUT_WR, Watchers } from "./state.ts";

/** The part of Node's Readable that a source needs. */
export interface NodeReadable {
  readonly readableLength: number;
  readonly readableEnded: boolean;
  readonly readableObjectMode: boolean;
  readonly readableEncoding: unknown;
  readonly destroyed: boolean;
  read(size?: number): unknown;
  on(event: string, listener: (...given: unknown[]) => void): unknown;
  off(event: string, listener: (...given: unknown[]) => void): unknown;
  destroy(): unknown;
}

/** The part of ReadableStream that a source needs; its chunks are bytes or strings. */
export interface WebReadable {
  getReader(): {
    read(): Promise<{ readonly done: boolean; readonly value?: unknown }>;
    cancel(): Promise<void>;
  };
}

/**
 * A descriptor that reads a stream: a Readable of Node, or a ReadableStream of bytes or strings (read as UTF-8).
 * Bytes that the guest does not read stay in the stream, which so stops its origin.
 *
 * The end of the stream is that of a pipe: POLLIN with 0 bytes, and POLLHUP. An error of the stream is the errno
 * that its `code` names, else EIO: one read returns it. Writing is EBADF. `close` removes the listeners and
 * destroys or cancels the stream. A ReadableStream is locked as long.
 *
 * @throws {TypeError} for another value, and for a Readable in object mode or with an encoding
 */
export function fromReadable(stream: NodeReadable | WebReadable): Source {
  if (typeof (stream as Partial<WebReadable> | null)?.getReader === "function") {
    return fromWebReadable(stream as WebReadable);
  }
  const node = stream as NodeReadable;
  if (typeof (stream as Partial<NodeReadable> | null)?.read !== "function") {
    throw new TypeError("stream must be a Readable of Node or a ReadableStream");
  }
  if (node.readableObjectMode || node.readableEncoding != null) {
    throw new TypeError("stream must be a Readable of bytes, without object mode and encoding");
  }
  return fromNodeReadable(node);
}

function fromNodeReadable(stream: NodeReadable): Source {
  const watchers = new Watchers();
  let hasEnded = stream.readableEnded;
  let error = 0;

  function onReadable(): void {
    // Reading nothing out of an empty stream lets it emit "end".
    if (stream.readableLength === 0) stream.read();
    watchers.notify();
  }
  function finish(errno: number): void {
    if (hasEnded) return;
    hasEnded = true;
    error = errno;
    watchers.notify();
  }
  const onEnd = (): void => finish(0);
  const onError = (reason: unknown): void => finish(errnoOf(reason));
  // A stream that is destroyed without an end has lost bytes.
  const onClose = (): void => finish(EIO);
  if (stream.destroyed) finish(EIO);
  stream.on("end", onEnd);
  stream.on("error", onError);
  stream.on("close", onClose);
  stream.on("readable", onReadable);

  function close(): void {
    hasEnded = true;
    error = 0;
    stream.off("readable", onReadable);
    stream.off("end", onEnd);
    stream.off("close", onClose);
    stream.destroy();
    // The listener of errors stays: without one an error that comes late would end the program.
  }

  return {
    filetype: 6,
    ready() {
      const isReadable = hasEnded || stream.readableLength > 0;
      const end = hasEnded ? EVENT_HUP : 0;
      return (isReadable ? EVENT_IN : 0) | end | (error === 0 ? 0 : EVENT_ERR);
    },
    readable: () => (stream.destroyed ? 0 : stream.readableLength),
    writable: () => 0,
    pendingError: () => error,
    read(buffer) {
      const size = Math.min(buffer.length, stream.destroyed ? 0 : stream.readableLength);
      const bytes = size > 0 ? (stream.read(size) as Uint8Array | null) : null;
      if (bytes !== null) {
        buffer.set(bytes);
        return bytes.length;
      }
      const errno = error;
      error = 0;
      if (errno !== 0) return -errno;
      return hasEnded || buffer.length === 0 ? 0 : -EAGAIN;
    },
    write: () => -EBADF,
    watch: (changed) => watchers.add(changed),
    shutdown(how) {
      if (how !== SHUT_WR) close();
      return 0;
    },
    close,
  };
}

function fromWebReadable(stream: WebReadable): Source {
  const watchers = new Watchers();
  const inbox = new Inbox();
  const reader = stream.getReader();
  let isPulling = false;

  /** Takes the next chunk, unless there is one already. */
  function pull(): void {
    if (isPulling || inbox.size > 0 || inbox.hasEnded) return;
    isPulling = true;
    const taken = reader.read().then(
      ({ done, value }) => {
        const bytes = done ? undefined : bytesOf(value);
        if (bytes === undefined) inbox.end(done ? 0 : EPROTO);
        // The origin may use the buffer again.
        else inbox.push(bytes.slice());
      },
      (error: unknown) => inbox.end(errnoOf(error)),
    );
    void taken.then(() => {
      isPulling = false;
      watchers.notify();
      pull();
    });
  }
  pull();

  function close(): void {
    inbox.drop();
    reader.cancel().catch(() => {});
  }

  return {
    filetype: 6,
    ready: () => inbox.ready,
    readable: () => inbox.size,
    writable: () => 0,
    pendingError: () => inbox.error,
    read(buffer) {
      const count = inbox.read(buffer);
      pull();
      return count;
    },
    write: () => -EBADF,
    watch: (changed) => watchers.add(changed),
    shutdown(how) {
      if (how !== SHUT_WR) close();
      return 0;
    },
    close,
  };
}
