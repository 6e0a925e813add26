// Sources that write to a stream.

import { EAGAIN, EBADF, EPIPE, EVENT_ERR, EVENT_OUT } from "../../asm/abi.ts";
import type { Source } from "../source.ts";
import { errnoOf, SHUT_RD, Watchers } from "./state.ts";

/** The part of Node's Writable that a source needs. */
export interface NodeWritable {
  readonly writableLength: number;
  readonly writableHighWaterMark: number;
  readonly writableObjectMode: boolean;
  readonly writableEnded: boolean;
  readonly destroyed: boolean;
  write(bytes: Uint8Array): boolean;
  end(): unknown;
  on(event: string, listener: (...given: unknown[]) => void): unknown;
  off(event: string, listener: (...given: unknown[]) => void): unknown;
}

/** The part of WritableStream that a source needs; it gets Uint8Arrays. */
export interface WebWritable {
  getWriter(): {
    readonly desiredSize: number | null;
    readonly ready: Promise<unknown>;
    readonly closed: Promise<unknown>;
    write(bytes: Uint8Array): Promise<void>;
    close(): Promise<void>;
  };
}

/** Most bytes of one write to a WritableStream, which does not tell how many it has room for. */
const MOST = 65_536;

/**
 * A descriptor that writes to a stream: a Writable of Node, or a WritableStream. While the stream has as many
 * bytes as its high-water mark the descriptor is not ready, and a write is EAGAIN; a write may take a part.
 *
 * After an error of the stream, or once somebody else has ended it, the descriptor is that of a pipe without
 * readers: POLLOUT with POLLERR, and writes are EPIPE, the first one the errno that the `code` of the error names.
 * Reading is EBADF. `close` ends the stream and removes the listeners.
 *
 * @throws {TypeError} for another value, and for a Writable in object mode
 */
export function fromWritable(stream: NodeWritable | WebWritable): Source {
  if (typeof (stream as Partial<WebWritable> | null)?.getWriter === "function") {
    return fromWebWritable(stream as WebWritable);
  }
  const node = stream as NodeWritable;
  if (typeof (stream as Partial<NodeWritable> | null)?.write !== "function") {
    throw new TypeError("stream must be a Writable of Node or a WritableStream");
  }
  if (node.writableObjectMode) throw new TypeError("stream must be a Writable of bytes");
  return fromNodeWritable(node);
}

/** The rest of a source that is written to, from what differs. */
function sourceOf(parts: {
  readonly watchers: Watchers;
  /** Positive errno once nothing can be written any more, else 0. */
  failure(): number;
  /** Room for bytes; above 0 if there is any. */
  room(): number;
  /** `writable` of the source. */
  writable(): number;
  send(bytes: Uint8Array): void;
  end(): void;
  close(): void;
}): Source {
  let wasReported = false;
  return {
    filetype: 6,
    ready() {
      if (parts.failure() !== 0) return EVENT_OUT | EVENT_ERR;
      return parts.room() > 0 ? EVENT_OUT : 0;
    },
    readable: () => 0,
    writable: () => parts.writable(),
    pendingError: () => (wasReported && parts.failure() !== 0 ? EPIPE : parts.failure()),
    read: () => -EBADF,
    write(bytes) {
      const failure = parts.failure();
      if (failure !== 0) {
        const errno = wasReported ? EPIPE : failure;
        wasReported = true;
        return -errno;
      }
      if (bytes.length === 0) return 0;
      const room = parts.room();
      if (room <= 0) return -EAGAIN;
      // A copy: the stream keeps the bytes, and the guest goes on using its memory.
      const part = bytes.slice(0, room);
      parts.send(part);
      return part.length;
    },
    watch: (changed) => parts.watchers.add(changed),
    shutdown(how) {
      if (how !== SHUT_RD) parts.end();
      return 0;
    },
    close: () => parts.close(),
  };
}

function fromNodeWritable(stream: NodeWritable): Source {
  const watchers = new Watchers();
  let errno = 0;
  const onChange = (): void => watchers.notify();
  const onError = (error: unknown): void => {
    errno = errnoOf(error);
    watchers.notify();
  };
  for (const event of ["drain", "close", "finish"]) stream.on(event, onChange);
  stream.on("error", onError);
  const room = (): number => {
    return Math.max(stream.writableHighWaterMark, 1) - stream.writableLength;
  };
  const end = (): void => {
    if (!stream.writableEnded && !stream.destroyed) stream.end();
    watchers.notify();
  };
  return sourceOf({
    watchers,
    failure: () => (errno === 0 && (stream.writableEnded || stream.destroyed) ? EPIPE : errno),
    room,
    writable: () => Math.max(room(), 0),
    send: (bytes) => void stream.write(bytes),
    end,
    close() {
      for (const event of ["drain", "close", "finish"]) stream.off(event, onChange);
      // The listener of errors stays: without one an error that comes late would end the program.
      end();
    },
  });
}

function fromWebWritable(stream: WebWritable): Source {
  const watchers = new Watchers();
  const writer = stream.getWriter();
  let errno = 0;
  const fail = (error: unknown): void => {
    if (errno === 0) errno = errnoOf(error);
    watchers.notify();
  };
  const onReady = (): void => void writer.ready.then(() => watchers.notify(), fail);
  writer.closed.then(() => fail({ code: "EPIPE" }), fail);
  onReady();
  const end = (): void => {
    if (errno !== 0) return;
    errno = EPIPE;
    writer.close().catch(() => {});
    watchers.notify();
  };
  return sourceOf({
    watchers,
    failure: () => errno,
    room: () => ((writer.desiredSize ?? 0) > 0 ? MOST : 0),
    writable: () => -1,
    send(bytes) {
      writer.write(bytes).catch(fail);
      onReady();
    },
    end,
    close: end,
  });
}
