import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { suite } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { BlockingIOError, BrokenPipeError, FileExistsError } from "../../bindings/errors.ts";
import { FileNotFoundError, OSError, OverflowError } from "../../bindings/errors.ts";
import { ProcessLookupError, ValueError } from "../../bindings/errors.ts";
import * as os from "../../bindings/node/os.ts";
import { assertTook, inThread, signalled, throws } from "../support/expect.ts";
import { closeAll } from "../support/probes.ts";
import { mkdtempSync, openSync, readlinkSync, rmSync, statSync, tmpdir } from "../support/files.ts";
import { ignoreAgain, listenTo } from "../support/world.ts";

const O_CLOEXEC = 0o2000000;

/** O_* of an open descriptor, as the kernel shows them. */
function flagsOf(fd: number): number {
  const info = readFileSync(`/proc/self/fdinfo/${fd}`, "utf8");
  return parseInt(/flags:\s+(\d+)/.exec(info)?.[1] ?? "", 8);
}

/** The descriptors that a program started now has, one line each. */
function inheritedBy(): string {
  return spawnSync("sh", ["-c", "ls -l /proc/self/fd"], { encoding: "utf8" }).stdout;
}

const pipes = suite("os: pipes, read and write");

pipes("a pipe carries bytes and strings", () => {
  const [r, w] = os.pipe();
  assert.is(os.write(w, Uint8Array.of(1, 2, 255)), 3);
  assert.is(os.write(w, "é€"), 5);
  const bytes = os.read(r, 100);
  assert.ok(Buffer.isBuffer(bytes));
  assert.equal([...bytes], [1, 2, 255, ...Buffer.from("é€")]);
  closeAll(r, w);
});

pipes("read takes at most n and leaves the rest", () => {
  const [r, w] = os.pipe();
  os.write(w, "abcdef");
  assert.is(os.read(r, 4).toString(), "abcd");
  assert.is(os.read(r, 0).length, 0);
  assert.is(os.read(r, 4).toString(), "ef");
  closeAll(r, w);
});

pipes("read returns nothing at the end", () => {
  const [r, w] = os.pipe();
  os.close(w);
  assert.is(os.read(r, 10).length, 0);
  assert.is(os.read(r, 100_000).length, 0);
  os.close(r);
});

pipes("a result of read() stays as it is when more is read", () => {
  const [r, w] = os.pipe();
  os.write(w, "first");
  const first = os.read(r, 5);
  os.write(w, "other");
  os.read(r, 5);
  assert.is(first.toString(), "first");
  closeAll(r, w);
});

pipes("a result does not hold on to the memory it was read into", () => {
  const [r, w] = os.pipe();
  for (const n of [0x10000, 0x10001, 1 << 24]) {
    os.write(w, "abc");
    assert.ok(os.read(r, n).buffer.byteLength < 0x10000, `n ${n}`);
  }
  closeAll(r, w);
});

pipes("a read of more than 64 KiB is one read", () => {
  const fd = openSync("/dev/zero", "r");
  assert.is(os.read(fd, 1_000_000).length, 1_000_000);
  os.close(fd);
});

pipes("a view is written from its offset, also of shared memory", () => {
  const [r, w] = os.pipe();
  assert.is(os.write(w, Buffer.from("abcdef").subarray(2, 4)), 2);
  const shared = new Uint8Array(new SharedArrayBuffer(4), 1, 2);
  shared.set([120, 121]);
  assert.is(os.write(w, shared), 2);
  assert.is(os.read(r, 10).toString(), "cdxy");
  closeAll(r, w);
});

pipes("writing nothing writes nothing", () => {
  const [r, w] = os.pipe();
  assert.is(os.write(w, ""), 0);
  assert.is(os.write(w, new Uint8Array(0)), 0);
  closeAll(r, w);
});

pipes("a full pipe takes a part, then throws BlockingIOError", () => {
  const [r, w] = os.pipe2(os.O_NONBLOCK);
  const taken = os.write(w, new Uint8Array(1_000_000));
  assert.ok(taken > 0 && taken < 1_000_000);
  const error = throws(() => os.write(w, "x"), BlockingIOError, "EAGAIN") as OSError;
  assert.is(error.errno, 11);
  assert.is(error.syscall, "write");
  closeAll(r, w);
});

pipes("an empty pipe that does not block throws BlockingIOError", () => {
  const [r, w] = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC);
  throws(() => os.read(r, 1), BlockingIOError, "EAGAIN");
  throws(() => os.read(r, 100_000), BlockingIOError, "EAGAIN");
  closeAll(r, w);
});

pipes("writing to a pipe without a reader throws BrokenPipeError", () => {
  const [r, w] = os.pipe();
  os.close(r);
  throws(() => os.write(w, "x"), BrokenPipeError, "EPIPE");
  os.close(w);
});

pipes("a descriptor of the wrong direction, or one that is not open, throws EBADF", () => {
  const [r, w] = os.pipe();
  throws(() => os.write(r, "x"), OSError, "EBADF");
  throws(() => os.read(w, 1), OSError, "EBADF");
  closeAll(r, w);
  throws(() => os.read(-1, 1), OSError, "EBADF");
  throws(() => os.close(-1), OSError, "EBADF");
  throws(() => os.close(1 << 20), OSError, "EBADF");
  throws(() => os.dup(-1), OSError, "EBADF");
});

pipes("flags that pipe2 does not have throw EINVAL", () => {
  throws(() => os.pipe2(1), OSError, "EINVAL");
});

pipes("a negative n is the kernel's EINVAL, as in Python", () => {
  throws(() => os.read(0, -1), OSError, "EINVAL");
});

pipes("an n that no memory has throws ENOMEM, beyond ssize_t OverflowError", () => {
  throws(() => os.read(0, 2 ** 62), OSError, "ENOMEM");
  throws(() => os.read(0, 2 ** 63), OverflowError);
});

pipes("a boolean is 0 or 1, as in Python", () => {
  assert.is(os.get_blocking(true as unknown as number), os.get_blocking(1));
});

pipes("arguments of wrong types are refused by name and value", () => {
  const any = os as unknown as Record<string, (...given: unknown[]) => unknown>;
  for (const [call, given, message] of [
    ["read", ["1", 1], 'fd must be an integer, got "1"'],
    ["read", [1.5, 1], "fd must be an integer, got 1.5"],
    ["read", [{ fileno: () => 0 }, 1], "fd must be an integer, got an object of Object"],
    ["read", [0, null], "n must be an integer, got null"],
    ["write", [1, 5], "data must be a Uint8Array or a string, got 5"],
    ["write", [1, new Uint16Array(1)], "got an object of Uint16Array"],
    ["write", [1, [1]], "got an array of 1"],
    ["set_blocking", [0, "no"], 'blocking must be an integer, got "no"'],
    ["set_inheritable", [0, undefined], "inheritable must be an integer, got undefined"],
    ["pipe2", ["x"], 'flags must be an integer, got "x"'],
    ["mkfifo", [5], "path must be a string or a Uint8Array, got 5"],
    ["mkfifo", ["x", "y"], 'mode must be an integer, got "y"'],
    ["eventfd", ["x"], 'initval must be an integer, got "x"'],
    ["eventfd_write", [0, 1.5], "value must be an integer, got 1.5"],
    ["kill", [0, "TERM"], 'signal must be an integer, got "TERM"'],
    ["pidfd_open", [{}], "pid must be an integer, got an object of Object"],
    ["pipe", [1], "pipe() takes at most 0 arguments, got 1"],
    ["read", [0], "read() takes at least 2 arguments, got 1"],
    ["close", [99999, 0, []], "close() takes at most 1 argument, got 3"],
  ] as const) {
    const error = throws(() => any[call]?.(...given), TypeError);
    assert.ok(error.message.includes(message), error.message);
  }
});

pipes("a descriptor beyond a C int throws OverflowError", () => {
  throws(() => os.read(2 ** 31, 1), OverflowError);
  throws(() => os.close(2 ** 32 + 1), OverflowError);
  throws(() => os.dup(-(2 ** 31) - 1), OverflowError);
});

const descriptors = suite("os: descriptors");

descriptors("everything made is close-on-exec and blocking", () => {
  const fds = [...os.pipe(), ...os.pipe2(0), os.eventfd(0), os.eventfd(0, 0)];
  fds.push(os.dup(0), os.socket(os.AF_INET, os.SOCK_STREAM), ...os.socketpair());
  fds.push(os.pidfd_open(process.pid));
  for (const fd of fds) {
    assert.is(flagsOf(fd) & O_CLOEXEC, O_CLOEXEC, `fd ${fd}`);
    assert.not.ok(os.get_inheritable(fd));
  }
  for (const fd of fds.filter((one) => one !== fds[6])) {
    assert.ok(os.get_blocking(fd), `fd ${fd}`);
  }
  closeAll(...fds);
});

descriptors("nothing made reaches another program unless it is made inheritable", () => {
  const fds = [...os.pipe(), ...os.pipe2(os.O_NONBLOCK), os.socket(os.AF_UNIX, os.SOCK_DGRAM)];
  fds.push(os.dup(fds[0] ?? -1), ...os.socketpair());
  const before = inheritedBy();
  for (const fd of fds) assert.not.ok(before.includes(readlinkSync(`/proc/self/fd/${fd}`)));

  const fd = fds[0] ?? -1;
  os.set_inheritable(fd, true);
  assert.ok(os.get_inheritable(fd));
  assert.ok(inheritedBy().includes(` ${fd} -> ${readlinkSync(`/proc/self/fd/${fd}`)}`));
  os.set_inheritable(fd, false);
  assert.not.ok(os.get_inheritable(fd));
  assert.not.ok(inheritedBy().includes(readlinkSync(`/proc/self/fd/${fd}`)));
  closeAll(...fds);
});

descriptors("O_NONBLOCK, EFD_NONBLOCK and SOCK_NONBLOCK make descriptors that do not block", () => {
  const fds = [...os.pipe2(os.O_NONBLOCK), os.eventfd(0, os.EFD_NONBLOCK)];
  fds.push(os.socket(os.AF_INET, os.SOCK_STREAM | os.SOCK_NONBLOCK));
  fds.push(...os.socketpair(os.AF_UNIX, os.SOCK_STREAM | os.SOCK_NONBLOCK));
  for (const fd of fds) {
    assert.not.ok(os.get_blocking(fd));
    assert.not.ok(os.get_inheritable(fd));
  }
  closeAll(...fds);
});

descriptors("set_blocking changes one flag and no other", () => {
  const [r, w] = os.pipe();
  const before = flagsOf(r);
  os.set_blocking(r, false);
  assert.is(flagsOf(r), before | os.O_NONBLOCK);
  os.set_blocking(r, 2);
  assert.is(flagsOf(r), before);
  closeAll(r, w);
});

descriptors("set_blocking and set_inheritable throw EBADF", () => {
  throws(() => os.get_blocking(-1), OSError, "EBADF");
  throws(() => os.set_blocking(-1, true), OSError, "EBADF");
  throws(() => os.get_inheritable(-1), OSError, "EBADF");
  throws(() => os.set_inheritable(-1, true), OSError, "EBADF");
});

descriptors("dup is a second descriptor of the same file", () => {
  const [r, w] = os.pipe();
  const copy = os.dup(w);
  assert.ok(copy !== w);
  os.close(w);
  os.write(copy, "x");
  assert.is(os.read(r, 1).toString(), "x");
  closeAll(r, copy);
});

const fifos = suite("os: mkfifo");
const folder = mkdtempSync(join(tmpdir(), "omnipoll-os-"));
fifos.after(() => rmSync(folder, { recursive: true }));

fifos("mkfifo makes a FIFO with the mode, less the umask", () => {
  const umask = process.umask(0o022);
  os.mkfifo(join(folder, "one"));
  os.mkfifo(Buffer.from(join(folder, "two")), 0o620);
  process.umask(umask);
  assert.ok(statSync(join(folder, "one")).isFIFO());
  assert.is(statSync(join(folder, "one")).mode & 0o777, 0o644);
  assert.is(statSync(join(folder, "two")).mode & 0o777, 0o600);
});

fifos("a path whose bytes are no UTF-8 is written as Python does", () => {
  os.mkfifo(`${folder}/a\udcffb`);
  assert.ok(statSync(Buffer.concat([Buffer.from(`${folder}/a`), Buffer.of(0xff, 98)])).isFIFO());
});

fifos("mkfifo throws the error of a wrong path", () => {
  throws(() => os.mkfifo(folder), FileExistsError, "EEXIST");
  const error = throws(() => os.mkfifo("/nonexistent/x"), FileNotFoundError, "ENOENT");
  assert.ok(error.message.includes("/nonexistent/x"));
  throws(() => os.mkfifo(""), FileNotFoundError, "ENOENT");
  throws(() => os.mkfifo("a\0b"), ValueError);
  throws(() => os.mkfifo(`/${"a".repeat(300)}`), OSError, "ENAMETOOLONG");
  throws(() => os.mkfifo("/a".repeat(5000)), OSError, "ENAMETOOLONG");
});

const counters = suite("os: eventfd");

counters("an eventfd adds up, and a read takes all", () => {
  const fd = os.eventfd(3);
  os.eventfd_write(fd, 4n);
  os.eventfd_write(fd, 0);
  assert.is(os.eventfd_read(fd), 7);
  os.close(fd);
});

counters("a semaphore gives 1 at a time, then would block", () => {
  const fd = os.eventfd(2, os.EFD_SEMAPHORE | os.EFD_NONBLOCK);
  assert.is(os.eventfd_read(fd), 1);
  assert.is(os.eventfd_read(fd), 1);
  throws(() => os.eventfd_read(fd), BlockingIOError, "EAGAIN");
  os.close(fd);
});

counters("values are exact: numbers to 2^53 - 1, then bigints", () => {
  const fd = os.eventfd(0xffffffff);
  assert.is(os.eventfd_read(fd), 0xffffffff);
  os.eventfd_write(fd, Number.MAX_SAFE_INTEGER);
  assert.is(os.eventfd_read(fd), Number.MAX_SAFE_INTEGER);
  os.eventfd_write(fd, 2 ** 53);
  assert.is(os.eventfd_read(fd), 2n ** 53n);
  os.eventfd_write(fd, 2n ** 64n - 2n);
  assert.is(os.eventfd_read(fd), 2n ** 64n - 2n);
  os.close(fd);
});

counters("a write beyond the maximum would block", () => {
  const fd = os.eventfd(1, os.EFD_NONBLOCK);
  throws(() => os.eventfd_write(fd, 2n ** 64n - 2n), BlockingIOError, "EAGAIN");
  throws(() => os.eventfd_write(fd, 2n ** 64n - 1n), OSError, "EINVAL");
  assert.is(os.eventfd_read(fd), 1);
  os.close(fd);
});

counters("values that C has no room for are refused", () => {
  throws(() => os.eventfd(-1), ValueError);
  throws(() => os.eventfd(2 ** 32), OverflowError);
  throws(() => os.eventfd(0, 1 << 20), OSError, "EINVAL");
  throws(() => os.eventfd_write(0, -1), ValueError);
  throws(() => os.eventfd_write(0, -1n), ValueError);
  throws(() => os.eventfd_write(0, 2n ** 64n), OverflowError);
  throws(() => os.eventfd_write(0, 2 ** 64), OverflowError);
});

counters("a negative descriptor is a ValueError, as in Python", () => {
  throws(() => os.eventfd_read(-1), ValueError);
  // CPython takes an object with a fileno() here, and nowhere else in its module os.
  const counter = os.eventfd(3);
  os.eventfd_write({ fileno: () => counter }, 4);
  assert.is(os.eventfd_read({ fileno: () => counter }), 7);
  os.close(counter);
  throws(() => os.eventfd_read({ fileno: () => -1 }), ValueError);
  throws(() => os.dup({ fileno: () => 1 } as unknown as number), TypeError);
  throws(() => os.eventfd_write(-1, 1), ValueError);
});

counters("eventfd_read of a pipe with fewer than 8 bytes throws EINVAL", () => {
  const [r, w] = os.pipe();
  os.write(w, "abc");
  throws(() => os.eventfd_read(r), OSError, "EINVAL");
  closeAll(r, w);
});

const processes = suite("os: processes");

processes("kill with signal 0 checks for the process, and throws ESRCH", () => {
  assert.is(os.kill(process.pid, 0), undefined);
  throws(() => os.kill(99_999_999, 0), ProcessLookupError, "ESRCH");
  throws(() => os.kill(process.pid, 1000), OSError, "EINVAL");
  throws(() => os.kill(process.pid, -1), OSError, "EINVAL");
  throws(() => os.kill(2 ** 31, 0), OverflowError);
});

processes("kill sends the signal", async () => {
  const received = new Promise((resolve) => process.once("SIGUSR2", resolve));
  os.kill(process.pid, constants.signals.SIGUSR2);
  const late = setTimeout(() => {}, 10_000); // a handler does not keep the process alive
  assert.is(await received, "SIGUSR2");
  clearTimeout(late);
});

processes("pidfd_open gives a descriptor, or says why not", () => {
  const fd = os.pidfd_open(process.pid, 0);
  assert.ok(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8").includes(`Pid:\t${process.pid}`));
  os.close(fd);
  throws(() => os.pidfd_open(99_999_999), ProcessLookupError, "ESRCH");
  throws(() => os.pidfd_open(0), OSError, "EINVAL");
  throws(() => os.pidfd_open(process.pid, 1), OSError, "EINVAL");
  throws(() => os.pidfd_open(process.pid, -1), ValueError);
});

const interruptions = suite("os: signals during a call (PEP 475)");

// Without a handler the signal would be ignored, and interrupt nothing.
const onSignal = (): void => {};

interruptions("read goes on until there is data", async () => {
  listenTo("SIGWINCH", onSignal);
  const [r, w] = os.pipe();
  const { done, passed } = await inThread(300, "os.write(data, 'x')", w);
  const child = signalled("WINCH", 50, 3);
  assert.is(os.read(r, 1).toString(), "x");
  assertTook(passed(), 300, 2000);
  await done;
  child.kill();
  ignoreAgain("SIGWINCH", onSignal);
  closeAll(r, w);
});

pipes.run();
descriptors.run();
fifos.run();
counters.run();
processes.run();
interruptions.run();
