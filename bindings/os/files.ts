// Descriptors of any kind, pipes, counters and processes: the calls of Python's os module.

import { EINVAL } from "../../asm/abi.ts";
import { checkCount, intOf } from "../arguments.ts";
import { osError, show } from "../errors.ts";
import { bytesOf, pathOf, sizeOf, unsignedIntOf, unsignedLongLongOf } from "./arguments.ts";
import { checked, type DescribedOsHost, type Receive } from "./calls.ts";
import { EFD_CLOEXEC } from "./constants.ts";
import { filenoOf, type Waitable } from "../waitable.ts";

/** The calls of the os module on `host`. */
export function createFileCalls(host: DescribedOsHost, receive: Receive) {
  function makePipe(syscall: string, flags: number): [r: number, w: number] {
    const fds = new Int32Array(2);
    checked(host, host.pipe2(fds, flags), syscall, `flags ${flags}`);
    return [fds[0] ?? -1, fds[1] ?? -1];
  }

  return {
    /**
     * A pipe: the descriptor to read from and the one to write to.
     *
     * @see https://docs.python.org/3/library/os.html#os.pipe
     */
    pipe(): [r: number, w: number] {
      checkCount("pipe()", arguments.length, 0, 0);
      return makePipe("pipe", 0);
    },

    /** A pipe made with `flags`: 0 or O_NONBLOCK, for both ends. */
    pipe2(flags: number): [r: number, w: number] {
      checkCount("pipe2()", arguments.length, 1, 1);
      return makePipe("pipe2", intOf(flags, "flags"));
    },

    /**
     * Reads at most `n` bytes; none at the end. Blocks the calling thread, if the descriptor does.
     *
     * @throws {OSError} BlockingIOError if nothing is there and the descriptor does not block
     * @see https://docs.python.org/3/library/os.html#os.read
     */
    read(fd: number, n: number): Uint8Array {
      checkCount("read()", arguments.length, 2, 2);
      const descriptor = intOf(fd, "fd");
      const size = sizeOf(n, "n");
      if (size < 0) throw osError(host.describe, EINVAL, "read", `fd ${descriptor}, n ${size}`);
      return receive(size, "read", descriptor, false, (buffer) =>
        host.read(descriptor, buffer, size),
      );
    },

    /**
     * Writes bytes, or a string in UTF-8, and returns how many bytes were taken, which may be
     * fewer.
     *
     * @throws {OSError} BrokenPipeError if nobody reads any more, BlockingIOError if there is no
     *   room and the descriptor does not block
     * @see https://docs.python.org/3/library/os.html#os.write
     */
    write(fd: number, data: Uint8Array | string): number {
      checkCount("write()", arguments.length, 2, 2);
      const descriptor = intOf(fd, "fd");
      const bytes = bytesOf(data, "data");
      return checked(host, host.write(descriptor, bytes), "write", `fd ${descriptor}`);
    },

    /** Closes a descriptor. */
    close(fd: number): void {
      checkCount("close()", arguments.length, 1, 1);
      const descriptor = intOf(fd, "fd");
      checked(host, host.close(descriptor), "close", `fd ${descriptor}`);
    },

    /** A second descriptor of the same open file. */
    dup(fd: number): number {
      checkCount("dup()", arguments.length, 1, 1);
      const descriptor = intOf(fd, "fd");
      return checked(host, host.dup(descriptor), "dup", `fd ${descriptor}`);
    },

    /** Whether calls on the descriptor block. */
    get_blocking(fd: number): boolean {
      checkCount("get_blocking()", arguments.length, 1, 1);
      const descriptor = intOf(fd, "fd");
      return checked(host, host.get_blocking(descriptor), "fcntl", `fd ${descriptor}`) !== 0;
    },

    /** Makes calls on the descriptor, and on every other of the same open file, block or not. */
    set_blocking(fd: number, blocking: boolean | number): void {
      checkCount("set_blocking()", arguments.length, 2, 2);
      const descriptor = intOf(fd, "fd");
      const on = intOf(blocking, "blocking") === 0 ? 0 : 1;
      checked(host, host.set_blocking(descriptor, on), "fcntl", `fd ${descriptor}`);
    },

    /** Whether a program started by this process inherits the descriptor. */
    get_inheritable(fd: number): boolean {
      checkCount("get_inheritable()", arguments.length, 1, 1);
      const descriptor = intOf(fd, "fd");
      return checked(host, host.get_inheritable(descriptor), "fcntl", `fd ${descriptor}`) !== 0;
    },

    /** Lets programs started by this process inherit the descriptor, or not. */
    set_inheritable(fd: number, inheritable: boolean | number): void {
      checkCount("set_inheritable()", arguments.length, 2, 2);
      const descriptor = intOf(fd, "fd");
      const on = intOf(inheritable, "inheritable") === 0 ? 0 : 1;
      checked(host, host.set_inheritable(descriptor, on), "fcntl", `fd ${descriptor}`);
    },

    /**
     * Makes a FIFO in the file system.
     *
     * @param mode permissions, less the umask
     * @see https://docs.python.org/3/library/os.html#os.mkfifo
     */
    mkfifo(path: string | Uint8Array, mode: number = 0o666): void {
      checkCount("mkfifo()", arguments.length, 1, 2);
      const bytes = pathOf(path, "path");
      checked(host, host.mkfifo(bytes, intOf(mode, "mode")), "mkfifo", show(path));
    },

    /**
     * A counter that can be waited on: readable while it is not 0.
     *
     * @param flags EFD_NONBLOCK, EFD_SEMAPHORE
     * @see https://docs.python.org/3/library/os.html#os.eventfd
     */
    eventfd(initval: number, flags: number = EFD_CLOEXEC): number {
      checkCount("eventfd()", arguments.length, 1, 2);
      const initial = unsignedIntOf(initval, "initval");
      const bits = intOf(flags, "flags");
      return checked(host, host.eventfd(initial, bits), "eventfd", `flags ${bits}`);
    },

    /**
     * Takes the value of an eventfd, or 1 of an EFD_SEMAPHORE; blocks while it is 0.
     *
     * @returns a bigint where a number would not be exact, beyond 2^53 - 1
     */
    eventfd_read(fd: Waitable): number | bigint {
      checkCount("eventfd_read()", arguments.length, 1, 1);
      const descriptor = filenoOf(fd);
      const value = new BigUint64Array(1);
      const bytes = new Uint8Array(value.buffer);
      const count = host.read(descriptor, bytes, bytes.length);
      // Fewer bytes come from what is no eventfd; to that, a real one says EINVAL.
      const result = count >= 0 && count !== bytes.length ? -EINVAL : count;
      checked(host, result, "eventfd_read", `fd ${descriptor}`);
      const exact = value[0] ?? 0n;
      return exact <= Number.MAX_SAFE_INTEGER ? Number(exact) : exact;
    },

    /**
     * Adds to the value of an eventfd; blocks while the sum would be beyond 2^64 - 2.
     *
     * @throws {OSError} EINVAL for 2^64 - 1
     */
    eventfd_write(fd: Waitable, value: number | bigint): void {
      checkCount("eventfd_write()", arguments.length, 2, 2);
      const descriptor = filenoOf(fd);
      const bytes = new Uint8Array(BigUint64Array.of(unsignedLongLongOf(value, "value")).buffer);
      checked(host, host.write(descriptor, bytes), "eventfd_write", `fd ${descriptor}`);
    },

    /**
     * Sends a signal to a process.
     *
     * @param pid 0 is the process group of this process, -1 all processes, less a process group
     * @param signal a number of `constants.signals` in node:os; 0 only asks whether it could be sent
     */
    kill(pid: number, signal: number): void {
      checkCount("kill()", arguments.length, 2, 2);
      const process = intOf(pid, "pid");
      checked(host, host.kill(process, intOf(signal, "signal")), "kill", `pid ${process}`);
    },

    /** A descriptor of a process, readable once it has ended. */
    pidfd_open(pid: number, flags: number = 0): number {
      checkCount("pidfd_open()", arguments.length, 1, 2);
      const process = intOf(pid, "pid");
      const bits = unsignedIntOf(flags, "flags");
      return checked(host, host.pidfd_open(process, bits), "pidfd_open", `pid ${process}`);
    },
  };
}
