// ioctl(2) and fcntl(2) of a program of Emscripten, for descriptors of a guest.

import { EINTR, EVENT_IN } from "../../asm/abi.ts";
import { WASI_BADF, WASI_FAULT, WASI_INVAL, wasiErrno } from "../errno.ts";
import type { GuestMemory } from "../guest/memory.ts";
import type { OpenFile } from "../guest/open-file.ts";
import type { Table } from "../guest/table.ts";
import { slotOfFile } from "../guest/transfers.ts";
import { isOpen } from "../slots.ts";
import type { Waiter } from "../wait.ts";
import type { Calls } from "./imports.ts";

const WASI_NOTTY = 59;

/** Parameters of ioctl: those of Linux. */
const TCGETS = 0x5401;
const TIOCGWINSZ = 0x5413;
const FIONREAD = 0x541b;
const FIONBIO = 0x5421;
/** Commands of fcntl, and a flag. */
const F_GETFD = 1;
const F_SETFD = 2;
const F_GETFL = 3;
const F_SETFL = 4;
const O_RDWR = 2;
const O_NONBLOCK = 0x800;

/**
 * Whether Emscripten has no descriptor with a number, as far as a system call that the program imports tells: the flags,
 * or whether it is a terminal, which changes nothing.
 */
export function closedTest(env: Calls): (fd: number) => boolean {
  const flags = env["__syscall_fcntl64"] as SystemCall | undefined;
  const terminal = env["__syscall_ioctl"] as SystemCall | undefined;
  return (fd) => (flags?.(fd, F_GETFD, 0) ?? terminal?.(fd, TCGETS, 0)) === -WASI_BADF;
}

type SystemCall = (fd: number, command: number, varargs: number) => number;

/**
 * `__syscall_ioctl` (FIONREAD, FIONBIO, and the ones that isatty makes) and `__syscall_fcntl64` (the flags). Emscripten's
 * own descriptors are left to `env`. Results are 0 or a number, or a negative error number of WASI.
 */
export function descriptorSystemCalls(
  env: Calls,
  { table, memory, waiter }: { table: Table; memory: GuestMemory; waiter: Waiter },
): Record<"__syscall_ioctl" | "__syscall_fcntl64", SystemCall> {
  /** The argument behind the command; undefined outside the memory. */
  function argument(varargs: number): number | undefined {
    return memory.holds(varargs, 4) ? memory.view().getUint32(varargs >>> 0, true) : undefined;
  }

  /** The bytes that can be read, or a negative error number. */
  function readable(file: OpenFile): number {
    const slot = slotOfFile(file, EVENT_IN);
    const result = waiter.poll({ slots: [slot], ms: 0 });
    if (result < 0 && result !== -EINTR) return -wasiErrno(-result);
    if (!isOpen(slot)) return -WASI_BADF;
    if (slot.ready === 0) return 0;
    waiter.askBytes([slot]);
    return slot.readable < 0 ? -WASI_NOTTY : slot.readable;
  }

  function ioctl(fd: number, command: number, varargs: number): number {
    const entry = table.entry(fd);
    if (entry === undefined) {
      const theirs = env["__syscall_ioctl"] as SystemCall | undefined;
      return table.covers(fd) ? -WASI_BADF : (theirs?.(fd, command, varargs) ?? -WASI_BADF);
    }
    const { file } = entry;
    if (command === TCGETS || command === TIOCGWINSZ) {
      // As Emscripten's own: the answer alone says that it is a terminal.
      return file.isTerminal === true ? 0 : -WASI_NOTTY;
    }
    if (command !== FIONREAD && command !== FIONBIO) return -WASI_NOTTY;
    const at = argument(varargs);
    if (at === undefined || !memory.holds(at, 4)) return -WASI_FAULT;
    if (command === FIONBIO) {
      entry.isBlocking = memory.view().getInt32(at, true) === 0;
      return 0;
    }
    const bytes = readable(file);
    if (bytes < 0) return bytes;
    memory.view().setInt32(at, bytes, true);
    return 0;
  }

  function fcntl(fd: number, command: number, varargs: number): number {
    const entry = table.entry(fd);
    if (entry === undefined) {
      const theirs = env["__syscall_fcntl64"] as SystemCall | undefined;
      return table.covers(fd) ? -WASI_BADF : (theirs?.(fd, command, varargs) ?? -WASI_BADF);
    }
    if (command === F_GETFD || command === F_SETFD) return 0;
    if (command === F_GETFL) return O_RDWR | (entry.isBlocking ? 0 : O_NONBLOCK);
    if (command !== F_SETFL) return -WASI_INVAL;
    const flags = argument(varargs);
    if (flags === undefined) return -WASI_FAULT;
    entry.isBlocking = (flags & O_NONBLOCK) === 0;
    return 0;
  }

  return { __syscall_ioctl: ioctl, __syscall_fcntl64: fcntl };
}
