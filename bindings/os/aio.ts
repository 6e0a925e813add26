// Asynchronous reads and writes: what Python has no call for, and EVFILT_AIO is about.

import type { AioHost } from "../../host/os.ts";
import { checkCount, integerOf, intOf } from "../arguments.ts";
import { OverflowError, show, ValueError } from "../errors.ts";
import { bytesOf } from "./arguments.ts";
import { checked, type DescribedOsHost } from "./calls.ts";
import { Kqueue } from "../kqueue.ts";

const OFFSET_LIMIT = 2n ** 63n;

function offsetOf(value: unknown): number | bigint {
  const offset = integerOf(value, "offset");
  if (offset < 0) throw new ValueError(`offset must not be negative, got ${show(value)}`);
  if (offset >= OFFSET_LIMIT) throw new OverflowError(`offset is too large: ${show(value)}`);
  return offset;
}

/** Descriptor of a queue that takes posts. */
function queueOf(value: unknown): number {
  if (value instanceof Kqueue) return Kqueue.acceptPosts(value);
  throw new TypeError(`queue must be a Kqueue, got ${show(value)}`);
}

/** The calls of `host`. */
export function createAioCalls(host: DescribedOsHost & AioHost) {
  return {
    /**
     * Reads into `buffer` while the program goes on. The end comes as a kevent of `queue`, a
     * kqueue of this thread: filter KQ_FILTER_AIO, `ident` what is returned here, `data` the
     * number of bytes, 0 at the end of the file; with KQ_EV_ERROR among its flags, `data` is an
     * errno. The bytes are in `buffer` once that kevent is returned. The descriptor may be closed
     * meanwhile.
     *
     * @param offset in the file, in bytes; of no meaning to what has none, a pipe or a socket
     * @param udata of the kevent
     * @returns a number that no other request under way has
     * @throws {OSError} EBADF if `fd` is not open for reading, EAGAIN if 4096 are under way
     * @see https://man.freebsd.org/cgi/man.cgi?aio_read
     */
    aio_read(
      fd: number,
      buffer: Uint8Array,
      offset: number | bigint,
      queue: Kqueue,
      udata: number | bigint = 0,
    ): number {
      checkCount("aio_read()", arguments.length, 4, 5);
      const descriptor = intOf(fd, "fd");
      if (!(buffer instanceof Uint8Array)) {
        throw new TypeError(`buffer must be a Uint8Array, got ${show(buffer)}`);
      }
      const at = offsetOf(offset);
      const tag = BigInt.asUintN(64, BigInt(integerOf(udata, "udata")));
      const id = host.aio_read(descriptor, buffer, at, queueOf(queue), tag);
      return checked(host, id, "aio_read", `fd ${descriptor}`);
    },

    /**
     * Writes all bytes, as they are now, or a string in UTF-8, while the program goes on; else
     * like `aio_read`.
     *
     * @throws {OSError} EBADF if `fd` is not open for writing, EAGAIN if 4096 are under way
     * @see https://man.freebsd.org/cgi/man.cgi?aio_write
     */
    aio_write(
      fd: number,
      data: Uint8Array | string,
      offset: number | bigint,
      queue: Kqueue,
      udata: number | bigint = 0,
    ): number {
      checkCount("aio_write()", arguments.length, 4, 5);
      const descriptor = intOf(fd, "fd");
      const bytes = bytesOf(data, "data");
      const at = offsetOf(offset);
      const tag = BigInt.asUintN(64, BigInt(integerOf(udata, "udata")));
      const id = host.aio_write(descriptor, bytes, at, queueOf(queue), tag);
      return checked(host, id, "aio_write", `fd ${descriptor}`);
    },
  };
}
