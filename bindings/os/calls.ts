// The parts that the calls of omnipoll/os share: errors, and receiving bytes.

import { ENOMEM } from "../../asm/abi.ts";
import type { OsHost } from "../../host/os.ts";
import { type Describe, osError } from "../errors.ts";

/** A host for omnipoll/os: its calls, and the texts of its errnos. */
export type DescribedOsHost = OsHost & {
  readonly describe: Describe;
  /** As in Host. */
  takeFailure?(): Error | undefined;
};

/** Returns the result of a host call. @throws {OSError} if the result is a negative errno */
export function checked(
  host: DescribedOsHost,
  result: number,
  syscall: string,
  detail: string,
): number {
  if (result < 0) throw host.takeFailure?.() ?? osError(host.describe, -result, syscall, detail);
  return result;
}

/** Results up to this size are received into memory that the next call uses again. */
const SCRATCH_SIZE = 0x10000;

const hasBuffer = typeof Buffer !== "undefined";

/** Copies the first `count` bytes. */
function copyOf(bytes: Uint8Array, count: number): Uint8Array {
  const wanted = bytes.subarray(0, count);
  return hasBuffer ? Buffer.from(wanted) : wanted.slice();
}

/** Returns the first `count` bytes of memory that was allocated for one result. */
function keep(bytes: Uint8Array, count: number): Uint8Array {
  // A short result must not keep the memory of a long one alive.
  if (count < bytes.length) return copyOf(bytes, count);
  return hasBuffer ? Buffer.from(bytes.buffer, bytes.byteOffset, count) : bytes;
}

/**
 * Receives at most `size` bytes by `call`, which fills a buffer: read and recv.
 *
 * The count that `call` returns is the kernel's, and need not be a number of bytes that the kernel
 * wrote: recv(2) with MSG_TRUNC returns the whole length of a datagram, and on TCP the number of
 * bytes that were discarded. So the result has at most `size` bytes, and a call that may write
 * fewer bytes than it counts says so by `isPartial`: it gets fresh memory, in which the bytes that
 * the kernel leaves out are 0. Any other call must have written all bytes that it counts, or bytes
 * of another descriptor would show.
 */
export type Receive<Bytes extends Uint8Array> = (
  size: number,
  syscall: string,
  fd: number,
  isPartial: boolean,
  call: (buffer: Uint8Array) => number,
) => Bytes;

/** Makes the Receive of one module. Its results are Buffers where there is that class. */
export function makeReceive(host: DescribedOsHost): Receive<Uint8Array> {
  let scratch: Uint8Array | undefined;

  function allocate(size: number, syscall: string, fd: number): Uint8Array {
    try {
      return new Uint8Array(size);
    } catch {
      throw osError(host.describe, ENOMEM, syscall, `fd ${fd}, ${size} bytes`);
    }
  }

  return (size, syscall, fd, isPartial, call) => {
    if (isPartial || size > SCRATCH_SIZE) {
      const buffer = allocate(size, syscall, fd);
      const count = checked(host, call(buffer), syscall, `fd ${fd}`);
      return keep(buffer, Math.min(count, size));
    }
    const buffer = scratch ?? new Uint8Array(SCRATCH_SIZE);
    // The buffer belongs to this call alone: a simulated kernel may run callbacks that read, too.
    scratch = undefined;
    const count = call(buffer);
    scratch = buffer;
    return copyOf(buffer, Math.min(checked(host, count, syscall, `fd ${fd}`), size));
  };
}
