import {
  readSync,
  renameSync,
  rmdirSync,
  rmSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  ABI_VERSION,
  ACCESS_NAMED,
  ACCESS_READ,
  ACCESS_WRITE,
  CAPABILITY_EPOLL,
  CAPABILITY_SOURCES,
  EBADF,
  EINVAL,
  EVENT_IN,
  FD_DATAGRAM,
  FD_DEVICE,
  FD_DIRECTORY,
  FD_EPOLL,
  FD_EVENTFD,
  FD_FILE,
  FD_LISTENER,
  FD_OTHER,
  FD_PIPE,
  FD_STREAM,
  FD_TERMINAL,
  STAT_SIZE,
} from "../../asm/abi.ts";
import * as os from "../../bindings/node/os.ts";
import { importsOf } from "../../host/calls.ts";
import { loadAddon } from "../../host/native/addon.ts";
import { counterOf, host, kindOf, memory, outside, PAGE, readyOf } from "./support.ts";
import { statOf, view } from "./support.ts";
import { DEADLINE_MS } from "../support/world.ts";
import {
  appendFileSync,
  closeSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
} from "../support/files.ts";

const EFAULT = 14;
const ENOTDIR = 20;
const EISDIR = 21;
const AT = 4096;

const IN_MODIFY = 0x2;
const IN_ATTRIB = 0x4;
const IN_DELETE_SELF = 0x400;
const IN_CREATE = 0x100;
const IN_MOVE_SELF = 0x800;
const IN_IGNORED = 0x8000;

const folder = mkdtempSync(join(tmpdir(), "omnipoll-sources-"));

const waist = suite("sources: the waist");

waist("the host says that it has them, and the import table has every call", () => {
  assert.is(host.capabilities(), CAPABILITY_EPOLL | CAPABILITY_SOURCES);
  const calls = importsOf(host, () => memory)["host"] ?? {};
  for (const name of Object.keys(calls)) {
    assert.type((host as unknown as Record<string, unknown>)[name], "function", name);
  }
  assert.is(
    Object.keys(calls).length,
    Object.keys(host).length - 5,
    "name, describe, onClose, inspect and watch are no calls",
  );
  assert.is(ABI_VERSION, 1);
});

waist("wrong types and missing arguments are -EINVAL", () => {
  const addon = loadAddon() as unknown as Record<string, (...given: unknown[]) => number>;
  const calls = ["source_read", "source_write", "fd_stat", "timerfd_settime"];
  for (const name of [...calls, "inotify_add_watch", "inotify_rm_watch"]) {
    for (const given of [[], ["x", "y", "z", "u"], [memory.buffer, {}, 0, 0], [{}, 0, 0, "1"]]) {
      assert.is(addon[name]?.(...given), -EINVAL, `${name}(${given.length} arguments)`);
    }
  }
});

waist.run();

const bytes = suite("sources: read and write");

bytes("carry bytes between memory and a descriptor", () => {
  const [r, w] = os.pipe();
  view.setUint32(AT, 0x04030201, true);
  assert.is(host.write(memory, w, AT, 4), 4);
  assert.is(host.read(memory, r, AT + 100, 3), 3);
  assert.is(view.getUint32(AT + 100, true), 0x030201);
  assert.is(host.read(memory, r, PAGE - 1, 1), 1, "the last byte of the memory");
  assert.is(view.getUint8(PAGE - 1), 4);
  assert.is(host.write(memory, w, PAGE, 0), 0);
  os.set_blocking(r, false);
  assert.is(host.read(memory, r, AT, 1), -11);
  os.close(r);
  assert.is(host.write(memory, w, AT, 1), -32);
  os.close(w);
  assert.is(host.write(memory, w, AT, 1), -EBADF);
  assert.is(host.read(memory, -1, AT, 1), -EBADF);
});

bytes("stay inside the memory", () => {
  const fd = openSync("/dev/zero", "r+");
  for (const [address, length] of outside(1)) {
    assert.is(host.read(memory, fd, address, length), -EFAULT, `${address}, ${length}`);
    assert.is(host.write(memory, fd, address, length), -EFAULT, `${address}, ${length}`);
  }
  closeSync(fd);
});

bytes("an eventfd counts from 0", () => {
  const fd = host.eventfd();
  assert.is(kindOf(fd), FD_EVENTFD);
  assert.is(os.get_blocking(fd), false);
  assert.is(os.get_inheritable(fd), false);
  assert.is(counterOf(fd), 0);
  os.eventfd_write(fd, 3);
  assert.is(counterOf(fd), 3);
  host.close(fd);
});

bytes.run();

const timers = suite("sources: clocks and timers");

timers("realtime is the clock on the wall", () => {
  const before = Date.now();
  const now = host.realtime();
  assert.ok(now >= before - 1 && now <= Date.now() + 1, `${now}`);
});

timers("a timer fires at its deadline, at once after it, and not when disarmed", () => {
  const fd = host.timerfd_create();
  assert.is(os.get_blocking(fd), false);
  assert.is(os.get_inheritable(fd), false);
  assert.is(host.timerfd_settime(fd, host.now() + 3_600_000), 0);
  assert.is(readyOf(fd, EVENT_IN), 0);
  const deadline = host.now() + 20;
  assert.is(host.timerfd_settime(fd, deadline), 0);
  assert.is(readyOf(fd, EVENT_IN, DEADLINE_MS), EVENT_IN);
  assert.ok(host.now() >= deadline, "never early");
  assert.is(counterOf(fd), 1);

  for (const past of [host.now() - 1000, 0.0000001, -5, -Infinity]) {
    assert.is(host.timerfd_settime(fd, past), 0);
    assert.is(readyOf(fd, EVENT_IN), EVENT_IN, `${past}`);
  }
  assert.is(host.timerfd_settime(fd, 0), 0);
  assert.is(readyOf(fd, EVENT_IN), 0);
  for (const never of [Infinity, 1e300, 9e15]) {
    assert.is(host.timerfd_settime(fd, never), 0);
    assert.is(readyOf(fd, EVENT_IN), 0, `${never}`);
  }
  assert.is(host.timerfd_settime(fd, Number.NaN), -EINVAL);
  host.close(fd);
  assert.is(host.timerfd_settime(fd, 1), -EBADF);
});

timers.run();

const stats = suite("sources: fd_stat");

stats("has the kind of each descriptor", () => {
  const kinds: Array<readonly [number, number]> = [];
  const [r, w] = os.pipe();
  kinds.push([r, FD_PIPE], [w, FD_PIPE], [os.eventfd(0), FD_EVENTFD]);
  kinds.push([host.epoll_create1(0), FD_EPOLL], [host.timerfd_create(), FD_OTHER]);
  kinds.push([host.inotify_init(), FD_OTHER], [host.pidfd_open(process.pid), FD_OTHER]);
  kinds.push([openSync(folder, "r"), FD_DIRECTORY], [openSync("/dev/null", "r"), FD_DEVICE]);
  kinds.push(
    [openSync(join(folder, "new"), "w"), FD_FILE],
    [openSync("/dev/ptmx", "r"), FD_TERMINAL],
  );

  os.mkfifo(join(folder, "fifo"));
  kinds.push([openSync(join(folder, "fifo"), "r+"), FD_PIPE]);
  for (const family of [os.AF_UNIX, os.AF_INET, os.AF_INET6]) {
    kinds.push([os.socket(family, os.SOCK_STREAM), FD_STREAM]);
    kinds.push([os.socket(family, os.SOCK_DGRAM), FD_DATAGRAM]);
  }
  kinds.push([os.socket(os.AF_UNIX, os.SOCK_SEQPACKET), FD_STREAM]);
  kinds.push([os.socket(16, os.SOCK_DGRAM), FD_OTHER]);
  const listener = os.socket(os.AF_INET, os.SOCK_STREAM);
  os.listen(listener);
  kinds.push([listener, FD_LISTENER]);

  for (const [index, [fd, kind]] of kinds.entries()) assert.is(kindOf(fd), kind, `number ${index}`);
  for (const [fd] of kinds) os.close(fd);
});

stats("numbers, sizes and the offset are those of the file", () => {
  const path = join(folder, "sized");
  writeFileSync(path, "0123456789");
  const fd = openSync(path, "r+");
  readSync(fd, Buffer.alloc(4));
  const stat = statOf(fd);
  if (typeof stat === "number") throw new Error(`fd_stat: ${stat}`);
  assert.is(stat.bytes, 10n);
  assert.is(stat.offset, 4n);
  assert.is(stat.nlink, 1);
  assert.is(stat.flags, ACCESS_READ | ACCESS_WRITE);
  ftruncateSync(fd, 1 << 20);
  unlinkSync(path);
  const sparse = statOf(fd);
  if (typeof sparse === "number") throw new Error(`fd_stat: ${sparse}`);
  assert.is(sparse.bytes, 1n << 20n);
  assert.ok(sparse.blocks * 512n < sparse.bytes, "there is a hole");
  assert.is(sparse.nlink, 0);
  assert.is(sparse.ino, stat.ino);
  assert.is(sparse.dev, stat.dev);
  closeSync(fd);
});

/** ACCESS_* bits of a descriptor. */
function flags(fd: number): number {
  const stat = statOf(fd);
  return typeof stat === "number" ? stat : stat.flags;
}

stats("has the access mode of the descriptor", () => {
  const [r, w] = os.pipe();
  assert.is(flags(r), ACCESS_READ);
  assert.is(flags(w), ACCESS_WRITE);
  const appending = openSync(join(folder, "new"), "a");
  assert.is(flags(appending), ACCESS_WRITE);
  const fifo = openSync(join(folder, "fifo"), "r+");
  assert.is(flags(fifo), ACCESS_READ | ACCESS_WRITE | ACCESS_NAMED);
  for (const fd of [r, w, appending, fifo]) os.close(fd);
});

stats("a descriptor that is closed or only a path is -EBADF", () => {
  const path = openSync(folder, 0o10000000);
  for (const fd of [path, -1, 99999, 0x7fffffff]) assert.is(statOf(fd), -EBADF);
  closeSync(path);
});

stats("stays inside the memory", () => {
  for (const [address, count] of outside(STAT_SIZE)) {
    if (count !== 1) continue;
    assert.is(host.fd_stat(memory, 0, address), -EFAULT, `${address}`);
  }
  assert.is(host.fd_stat(memory, 0, PAGE - STAT_SIZE), 0);
  assert.is(host.fd_stat(memory, 0, 4097), 0, "at an odd address");
});

stats.run();

const files = suite("sources: inotify");

/** Masks of the events that wait, by watch. */
function events(inotify: number): Map<number, number> {
  const found = new Map<number, number>();
  const length = host.read(memory, inotify, AT, 4096);
  for (let at = AT; at < AT + length; at += 16 + view.getUint32(at + 12, true)) {
    const watch = view.getInt32(at, true);
    found.set(watch, (found.get(watch) ?? 0) | view.getUint32(at + 4, true));
  }
  return found;
}

files("watches the file behind a descriptor, whatever its name", () => {
  const inotify = host.inotify_init();
  assert.is(os.get_blocking(inotify), false);
  assert.is(os.get_inheritable(inotify), false);
  const path = join(folder, "watched");
  const fd = openSync(path, "w+");
  const mask = IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF;
  const watch = host.inotify_add_watch(inotify, fd, 0, mask);
  assert.ok(watch > 0);
  assert.is(host.inotify_add_watch(inotify, fd, 0, mask), watch, "one watch per file");
  appendFileSync(path, "x");
  assert.is(events(inotify).get(watch), IN_MODIFY);
  renameSync(path, join(folder, "renamed"));
  assert.is(events(inotify).get(watch), IN_MOVE_SELF);
  unlinkSync(join(folder, "renamed"));
  assert.is(events(inotify).get(watch), IN_ATTRIB, "the number of names");

  const other = host.inotify_init();
  const later = host.inotify_add_watch(other, fd, 0, mask | 0x02000000);
  assert.ok(later > 0, "it has no name any more, and IN_DONT_FOLLOW is of no consequence");
  writeSync(fd, "y");
  assert.is(events(other).get(later), IN_MODIFY);
  assert.is(host.inotify_rm_watch(inotify, watch), 0);
  events(inotify);
  closeSync(fd);
  assert.is(events(other).get(later), IN_DELETE_SELF | IN_IGNORED);
  assert.is(host.inotify_rm_watch(other, later), -EINVAL, "the kernel has removed it");
  host.close(inotify);
  host.close(other);
});

files("watches the directory above a directory", () => {
  const inotify = host.inotify_init();
  const path = join(folder, "below");
  mkdirSync(path);
  const fd = openSync(path, "r");
  const watch = host.inotify_add_watch(inotify, fd, 1, IN_CREATE);
  writeFileSync(join(folder, "sibling"), "");
  assert.is(events(inotify).get(watch), IN_CREATE);
  const file = openSync(join(folder, "sibling"), "r");
  assert.is(host.inotify_add_watch(inotify, file, 1, IN_CREATE), -ENOTDIR);
  rmdirSync(path);
  assert.ok(host.inotify_add_watch(inotify, fd, 1, IN_CREATE) > 0, "the way up outlives the name");
  for (const one of [inotify, fd, file]) os.close(one);
});

files("closed descriptors are -EBADF, other mistakes -EINVAL", () => {
  const inotify = host.inotify_init();
  const fd = openSync(folder, "r");
  for (const bad of [-1, 99999, -0x80000000]) {
    assert.is(host.inotify_add_watch(inotify, bad, 0, IN_MODIFY), -EBADF);
    assert.is(host.inotify_add_watch(inotify, bad, 1, IN_MODIFY), -EBADF);
    assert.is(host.inotify_add_watch(bad, fd, 0, IN_MODIFY), -EBADF);
    assert.is(host.inotify_rm_watch(bad, 1), -EBADF);
  }
  assert.is(host.inotify_add_watch(fd, fd, 0, IN_MODIFY), -EINVAL);
  assert.is(host.inotify_add_watch(inotify, fd, 0, 0), -EINVAL);
  assert.is(host.inotify_rm_watch(inotify, 12345), -EINVAL);
  assert.is(host.read(memory, fd, AT, 8), -EISDIR);
  assert.is(constants.errno.EISDIR, EISDIR);
  host.close(inotify);
  closeSync(fd);
});

files.after(() => rmSync(folder, { recursive: true, force: true }));

files.run();
