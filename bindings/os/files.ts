// The calls of Python's os module: descriptors of any kind, pipes, eventfds and processes.

import { EINVAL } from "../../asm/abi.ts";
import { checkCount, intOf } from "../arguments.ts";
import { osError, show } from "../errors.ts";
import { bytesOf, pathOf, sizeOf, unsignedIntOf, unsignedLongLongOf } from "./arguments.ts";
import { checked, type DescribedOsHost, type Receive } from "./calls.ts";
import { EFD_CLOEXEC } from "./constants.ts";
import { filenoOf, type Waitable } from "../waitable.ts";

/** Makes the calls of the os module on `host`. */
export function createFileCalls<Bytes extends Uint8Array>(
  host: DescribedOsHost,
  receive: Receive<Bytes>,
) {
  function makePipe(syscall: string, flags: number): [r: number, w: number] {
    const fds = new Int32Array(2);
    checked(host, host.pipe2(fds, flags), syscall, `flags ${flags}`);
    return [fds[0] ?? -1, fds[1] ?? -1];
  }

  return {
    /**
     * Makes a pipe. Both ends block.
     *
     * @returns the descriptor to read from, and the one to write to
     * @throws {OSError} EMFILE if too many descriptors are open
     * @see https://docs.python.org/3/library/os.html#os.pipe
     */
    pipe(): [r: number, w: number] {
      checkCount("pipe()", arguments.length, 0, 0);
      return makePipe("pipe", 0);
    },

    /**
     * Makes a pipe with flags.
     *
     * @param flags 0 or O_NONBLOCK, for both ends
     * @returns the descriptor to read from, and the one to write to
     * @throws {OSError} EINVAL for another flag, EMFILE if too many descriptors are open
     * @see https://docs.python.org/3/library/os.html#os.pipe2
     */
    pipe2(flags: number): [r: number, w: number] {
      checkCount("pipe2()", arguments.length, 1, 1);
      return makePipe("pipe2", intOf(flags, "flags"));
    },

    /**
     * Reads at most `n` bytes. Blocks the calling thread if the descriptor blocks.
     *
     * @param n the most bytes to read, 0 to 2^63 - 1
     * @returns the bytes; empty at the end of the data
     * @throws {BlockingIOError} EAGAIN if there is nothing to read and the descriptor does not block
     * @throws {OSError} EBADF if `fd` is not open for reading, EINVAL if `n` is negative
     * @see https://docs.python.org/3/library/os.html#os.read
     */
    read(fd: number, n: number): Bytes {
      checkCount("read()", arguments.length, 2, 2);
      const descriptor = intOf(fd, "fd");
      const size = sizeOf(n, "n");
      if (size < 0) throw osError(host.describe, EINVAL, "read", `fd ${descriptor}, n ${size}`);
      return receive(size, "read", descriptor, false, (buffer) =>
        host.read(descriptor, buffer, size),
      );
    },

    /**
     * Writes bytes, or a string in UTF-8. Blocks the calling thread if the descriptor blocks.
     *
     * @returns the number of bytes written, which may be less than there are
     * @throws {BrokenPipeError} EPIPE if the reader is gone
     * @throws {BlockingIOError} EAGAIN if there is no room and the descriptor does not block
     * @throws {OSError} EBADF if `fd` is not open for writing
     * @see https://docs.python.org/3/library/os.html#os.write
     */
    write(fd: number, data: Uint8Array | string): number {
      checkCount("write()", arguments.length, 2, 2);
      const descriptor = intOf(fd, "fd");
      const bytes = bytesOf(data, "data");
      return checked(host, host.write(descriptor, bytes), "write", `fd ${descriptor}`);
    },

    /**
     * Closes a descriptor. Kqueues and translated epolls of this thread drop its registrations at
     * once, as FreeBSD's kqueue does.
     *
     * @throws {OSError} EBADF if the descriptor is not open
     * @see https://docs.python.org/3/library/os.html#os.close
     */
    close(fd: number): void {
      checkCount("close()", arguments.length, 1, 1);
      const descriptor = intOf(fd, "fd");
      checked(host, host.close(descriptor), "close", `fd ${descriptor}`);
    },

    /**
     * Makes a second descriptor of the same open file.
     *
     * @throws {OSError} EBADF if the descriptor is not open, EMFILE if too many are open
     * @see https://docs.python.org/3/library/os.html#os.dup
     */
    dup(fd: number): number {
      checkCount("dup()", arguments.length, 1, 1);
      const descriptor = intOf(fd, "fd");
      return checked(host, host.dup(descriptor), "dup", `fd ${descriptor}`);
    },

    /**
     * Returns whether calls on the descriptor block.
     *
     * @throws {OSError} EBADF if the descriptor is not open
     * @see https://docs.python.org/3/library/os.html#os.get_blocking
     */
    get_blocking(fd: number): boolean {
      checkCount("get_blocking()", arguments.length, 1, 1);
      const descriptor = intOf(fd, "fd");
      return checked(host, host.get_blocking(descriptor), "fcntl", `fd ${descriptor}`) !== 0;
    },

    /**
     * Makes calls on the descriptor block, or not: also on every other descriptor of the same open
     * file.
     *
     * @throws {OSError} EBADF if the descriptor is not open
     * @see https://docs.python.org/3/library/os.html#os.set_blocking
     */
    set_blocking(fd: number, blocking: boolean | number): void {
      checkCount("set_blocking()", arguments.length, 2, 2);
      const descriptor = intOf(fd, "fd");
      const on = intOf(blocking, "blocking") === 0 ? 0 : 1;
      checked(host, host.set_blocking(descriptor, on), "fcntl", `fd ${descriptor}`);
    },

    /**
     * Returns whether programs that this process starts inherit the descriptor.
     *
     * @throws {OSError} EBADF if the descriptor is not open
     * @see https://docs.python.org/3/library/os.html#os.get_inheritable
     */
    get_inheritable(fd: number): boolean {
      checkCount("get_inheritable()", arguments.length, 1, 1);
      const descriptor = intOf(fd, "fd");
      return checked(host, host.get_inheritable(descriptor), "fcntl", `fd ${descriptor}`) !== 0;
    },

    /**
     * Lets programs that this process starts inherit the descriptor, or not.
     *
     * @throws {OSError} EBADF if the descriptor is not open
     * @see https://docs.python.org/3/library/os.html#os.set_inheritable
     */
    set_inheritable(fd: number, inheritable: boolean | number): void {
      checkCount("set_inheritable()", arguments.length, 2, 2);
      const descriptor = intOf(fd, "fd");
      const on = intOf(inheritable, "inheritable") === 0 ? 0 : 1;
      checked(host, host.set_inheritable(descriptor, on), "fcntl", `fd ${descriptor}`);
    },

    /**
     * Makes a FIFO in the file system.
     *
     * @param path text, or bytes in the encoding of the file system
     * @param mode permissions, of which the umask is taken away; the default is 0o666
     * @throws {FileExistsError} EEXIST if the path exists
     * @throws {ValueError} if the path contains a null byte
     * @see https://docs.python.org/3/library/os.html#os.mkfifo
     */
    mkfifo(path: string | Uint8Array, mode: number = 0o666): void {
      checkCount("mkfifo()", arguments.length, 1, 2);
      const bytes = pathOf(path, "path");
      checked(host, host.mkfifo(bytes, intOf(mode, "mode")), "mkfifo", show(path));
    },

    /**
     * Makes an eventfd: a counter of 64 bits, readable while the counter is not 0.
     *
     * @param initval the first value, 0 to 2^32 - 1
     * @param flags bitwise or of EFD_NONBLOCK and EFD_SEMAPHORE; the default is EFD_CLOEXEC, which
     * every descriptor made here has
     * @throws {OSError} EINVAL for another flag, EMFILE if too many descriptors are open
     * @see https://docs.python.org/3/library/os.html#os.eventfd
     */
    eventfd(initval: number, flags: number = EFD_CLOEXEC): number {
      checkCount("eventfd()", arguments.length, 1, 2);
      const initial = unsignedIntOf(initval, "initval");
      const bits = intOf(flags, "flags");
      return checked(host, host.eventfd(initial, bits), "eventfd", `flags ${bits}`);
    },

    /**
     * Takes the value of an eventfd, or 1 from an eventfd made with EFD_SEMAPHORE. Blocks the calling
     * thread while the value is 0, unless the descriptor does not block.
     *
     * @returns a number; a bigint beyond 2^53 - 1, where a number would not be exact
     * @throws {BlockingIOError} EAGAIN if the value is 0 and the descriptor does not block
     * @throws {OSError} EINVAL if the descriptor is not an eventfd
     * @see https://docs.python.org/3/library/os.html#os.eventfd_read
     */
    eventfd_read(fd: Waitable): number | bigint {
      checkCount("eventfd_read()", arguments.length, 1, 1);
      const descriptor = filenoOf(fd);
      const value = new BigUint64Array(1);
      const bytes = new Uint8Array(value.buffer);
      const count = host.read(descriptor, bytes, bytes.length);
      // Another file may return fewer bytes. CPython reads with glibc's eventfd_read, which says EINVAL.
      const result = count >= 0 && count !== bytes.length ? -EINVAL : count;
      checked(host, result, "eventfd_read", `fd ${descriptor}`);
      const exact = value[0] ?? 0n;
      return exact <= Number.MAX_SAFE_INTEGER ? Number(exact) : exact;
    },

    /**
     * Adds to the value of an eventfd. Blocks the calling thread while the sum would be beyond
     * 2^64 - 2, unless the descriptor does not block.
     *
     * @param value 0 to 2^64 - 2
     * @throws {BlockingIOError} EAGAIN if there is no room and the descriptor does not block
     * @throws {OSError} EINVAL for 2^64 - 1
     * @see https://docs.python.org/3/library/os.html#os.eventfd_write
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
     * @param pid a process; 0 stands for the process group of this process, -1 for all processes, and
     * a number below -1 for a process group
     * @param signal a number of `constants.signals` in node:os; 0 tests whether the process exists
     * @throws {ProcessLookupError} ESRCH if there is no such process
     * @throws {PermissionError} EPERM if this process may not signal it
     * @see https://docs.python.org/3/library/os.html#os.kill
     */
    kill(pid: number, signal: number): void {
      checkCount("kill()", arguments.length, 2, 2);
      const process = intOf(pid, "pid");
      checked(host, host.kill(process, intOf(signal, "signal")), "kill", `pid ${process}`);
    },

    /**
     * Makes a descriptor of a process, which is readable once the process has ended.
     *
     * @param flags 0, the default, or PIDFD_NONBLOCK (0x800)
     * @throws {ProcessLookupError} ESRCH if there is no such process
     * @see https://docs.python.org/3/library/os.html#os.pidfd_open
     */
    pidfd_open(pid: number, flags: number = 0): number {
      checkCount("pidfd_open()", arguments.length, 1, 2);
      const process = intOf(pid, "pid");
      const bits = unsignedIntOf(flags, "flags");
      return checked(host, host.pidfd_open(process, bits), "pidfd_open", `pid ${process}`);
    },
  };
}
