// What the calls of omnipoll/os have in common: failing, and receiving bytes.

import { ENOMEM } from "../../asm/abi.ts";
import type { OsHost } from "../../host/os.ts";
import { type Describe, osError } from "../errors.ts";

/** A host for omnipoll/os: its calls, and what its errnos mean. */
export type DescribedOsHost = OsHost & {
  readonly describe: Describe;
  /** As in Host. */
  takeFailure?(): Error | undefined;
};

/** The result of a host call. @throws {OSError} if it is a negative errno */
export function checked(
  host: DescribedOsHost,
  result: number,
  syscall: string,
  detail: string,
): number {
  if (result < 0) throw host.takeFailure?.() ?? osError(host.describe, -result, syscall, detail);
  return result;
}

/** Up to this many bytes are received into memory that is used again. */
const SCRATCH_SIZE = 0x10000;

const hasBuffer = typeof Buffer !== "undefined";

/** The first `count` bytes, in memory of their own. */
function copyOf(bytes: Uint8Array, count: number): Uint8Array {
  const wanted = bytes.subarray(0, count);
  return hasBuffer ? Buffer.from(wanted) : wanted.slice();
}

/** The first `count` bytes of memory that was made for them. */
function keep(bytes: Uint8Array, count: number): Uint8Array {
  // A short answer must not hold on to the memory of a long one.
  if (count < bytes.length) return copyOf(bytes, count);
  return hasBuffer ? Buffer.from(bytes.buffer, bytes.byteOffset, count) : bytes;
}

/** Receives at most `size` bytes by `call`, which fills a buffer: read and recv. */
export type Receive = (
  size: number,
  syscall: string,
  fd: number,
  call: (buffer: Uint8Array) => number,
) => Uint8Array;

/** The Receive of one module. */
export function makeReceive(host: DescribedOsHost): Receive {
  let scratch: Uint8Array | undefined;

  function allocate(size: number, syscall: string, fd: number): Uint8Array {
    try {
      return new Uint8Array(size);
    } catch {
      throw osError(host.describe, ENOMEM, syscall, `fd ${fd}, ${size} bytes`);
    }
  }

  return (size, syscall, fd, call) => {
    if (size > SCRATCH_SIZE) {
      const buffer = allocate(size, syscall, fd);
      return keep(buffer, checked(host, call(buffer), syscall, `fd ${fd}`));
    }
    const buffer = scratch ?? new Uint8Array(SCRATCH_SIZE);
    // Nobody else's during the call: a simulated kernel may run callbacks, which read too.
    scratch = undefined;
    const count = call(buffer);
    scratch = buffer;
    return copyOf(buffer, checked(host, count, syscall, `fd ${fd}`));
  };
}
