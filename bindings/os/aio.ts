// Asynchronous reads and writes, whose ends are events of EVFILT_AIO. Python has no such calls.

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

/** Lets a queue receive the kevents of requests, and returns its descriptor. */
function queueOf(value: unknown): number {
  if (value instanceof Kqueue) return Kqueue.acceptPosts(value);
  throw new TypeError(`queue must be a Kqueue, got ${show(value)}`);
}

/** Makes the calls on `host`. */
export function createAioCalls(host: DescribedOsHost & AioHost) {
  return {
    /**
     * Reads into `buffer` while the program continues. `queue` reports the end with a kevent of
     * KQ_FILTER_AIO: `ident` is the number returned here, `data` the number of bytes, 0 at the end of
     * the file. Under KQ_EV_ERROR `data` is an errno. The bytes are in `buffer` once `control`
     * returned that kevent. The descriptor may be closed meanwhile.
     *
     * @param buffer receives at most as many bytes as it has
     * @param offset in the file, in bytes, 0 to 2^63 - 1; pipes and sockets ignore the offset
     * @param queue a kqueue of this thread
     * @param udata of the kevent; the default is 0
     * @returns a number that no other request in progress has
     * @throws {OSError} EBADF if `fd` is not open for reading, EAGAIN if 4096 requests are in progress
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
     * Writes bytes, or a string in UTF-8, while the program continues. The bytes are copied first, so
     * `data` may change afterwards. The end is reported as that of `aio_read`.
     *
     * @param offset in the file, in bytes, 0 to 2^63 - 1; pipes and sockets ignore the offset
     * @param queue a kqueue of this thread
     * @param udata of the kevent; the default is 0
     * @returns a number that no other request in progress has
     * @throws {OSError} EBADF if `fd` is not open for writing, EAGAIN if 4096 requests are in progress
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
