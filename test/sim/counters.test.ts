// The event counters of a host without eventfd: numbers that are no descriptors.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  DATA_COUNTER,
  DATA_ERROR,
  DATA_FD,
  DATA_OPEN,
  DATA_READABLE,
  DATA_VALUE,
  DATA_WHAT,
  EAGAIN,
  EBADF,
  EINVAL,
  ENOSYS,
  EVENT_IN,
  EVENT_NVAL,
  EVENT_OUT,
  FD_EVENTFD,
  FD_PIPE,
  POLL_RECORD_FD,
  POLL_RECORD_READY,
  POLL_RECORD_SIZE,
  POLL_RECORD_WANT,
  STAT_KIND,
} from "../../asm/abi.ts";
import { createSimHost } from "../../host/sim/waist/host.ts";
import { World } from "./world.ts";

const EFAULT = 14;
const PAGE = 65_536;
const FIRST = 2 ** 30;

/** A simulated WASI, a host of it, and memory. */
function made() {
  const on = new World("wasi");
  const host = createSimHost(on.sim.kernel);
  const memory = new WebAssembly.Memory({ initial: 1 });
  const view = new DataView(memory.buffer);

  /** poll(2): the count, and the ready masks. */
  const poll = (records: ReadonlyArray<readonly [fd: number, want: number]>, ms: number) => {
    for (const [i, [fd, want]] of records.entries()) {
      view.setInt32(i * POLL_RECORD_SIZE + POLL_RECORD_FD, fd, true);
      view.setUint16(i * POLL_RECORD_SIZE + POLL_RECORD_WANT, want, true);
      view.setUint16(i * POLL_RECORD_SIZE + POLL_RECORD_READY, 0xffff, true);
    }
    const count = host.poll(memory, 0, records.length, ms);
    const masks = records.map((_, i) =>
      view.getUint16(i * POLL_RECORD_SIZE + POLL_RECORD_READY, true),
    );
    return [count, ...masks];
  };

  /** fd_data: the value, or the negative error. */
  const ask = (fd: number, what: number): number => {
    view.setInt32(DATA_FD, fd, true);
    view.setUint32(DATA_WHAT, what, true);
    assert.is(host.fd_data(memory, 0, 1), 0);
    const error = view.getInt32(DATA_ERROR, true);
    return error < 0 ? error : Number(view.getBigInt64(DATA_VALUE, true));
  };

  const write = (fd: number, count: bigint): number => {
    view.setBigUint64(0, count, true);
    return host.write(memory, fd, 0, 8);
  };
  return { on, host, memory, view, poll, ask, write };
}

test("a counter counts as an eventfd does, under a number that is no descriptor", () => {
  const { on, host, memory, view, ask, write } = made();
  const fd = host.eventfd();
  assert.ok(fd >= FIRST, `${fd}`);
  assert.is(on.sim.kernel.descriptors.get(fd), undefined);
  assert.is(host.read(memory, fd, 0, 8), -EAGAIN);
  assert.is(write(fd, 2n), 8);
  assert.is(write(fd, 40n), 8);
  assert.is(ask(fd, DATA_COUNTER), 42);
  assert.is(ask(fd, DATA_OPEN), 0);
  assert.is(ask(fd, DATA_READABLE), -EINVAL);
  assert.is(host.read(memory, fd, 0, 8), 8);
  assert.is(view.getBigUint64(0, true), 42n);
  assert.is(ask(fd, DATA_COUNTER), 0);
  assert.is(write(fd, 2n ** 64n - 1n), -EINVAL);
  assert.is(write(fd, 2n ** 64n - 2n), 8);
  assert.is(write(fd, 1n), -EAGAIN);
  assert.is(host.read(memory, fd, 0, 7), -EINVAL);
  assert.is(host.write(memory, fd, 0, 9), -EINVAL);
  for (const [address, length] of [
    [PAGE - 7, 8],
    [-1, 8],
    [0, -1],
  ] as const) {
    assert.is(host.read(memory, fd, address, length), -EFAULT);
    assert.is(host.write(memory, fd, address, length), -EFAULT);
  }
  assert.is(host.fd_stat(memory, fd, 0), 0);
  assert.is(view.getUint32(STAT_KIND, true), FD_EVENTFD);
  assert.is(host.fd_stat(memory, fd, PAGE - 1), -EFAULT);
});

test("a counter that is closed is closed to every call, and its number is not used again soon", () => {
  const { host, memory, poll, ask, write } = made();
  const fd = host.eventfd();
  const other = host.eventfd();
  assert.is(host.close(fd), 0);
  assert.is(host.close(fd), -EBADF);
  assert.is(write(fd, 1n), -EBADF);
  assert.is(host.read(memory, fd, 0, 8), -EBADF);
  assert.is(host.fd_stat(memory, fd, 0), -EBADF);
  assert.is(ask(fd, DATA_OPEN), -EBADF);
  assert.equal(poll([[fd, EVENT_IN]], 0), [1, EVENT_NVAL]);
  assert.ok(![fd, other].includes(host.eventfd()));
});

test("counters and descriptors are polled together", () => {
  const { on, host, poll, write } = made();
  const [r, w] = on.pipe();
  const fd = host.eventfd();
  const both = [
    [fd, EVENT_IN | EVENT_OUT],
    [r, EVENT_IN],
  ] as const;
  assert.equal(poll(both, 1000), [1, EVENT_OUT, 0]);
  write(fd, 1n);
  assert.equal(poll([[fd, EVENT_IN]], -1), [1, EVENT_IN]);
  on.os.write(w, "x");
  assert.equal(poll(both, -1), [2, EVENT_IN | EVENT_OUT, EVENT_IN]);
  on.os.read(r, 1);
  write(fd, 2n ** 64n - 3n);
  assert.equal(poll(both, -1), [1, EVENT_IN, 0]);
});

test("a counter that an action changes ends the wait for it, in time", () => {
  const { on, host, memory, poll, write } = made();
  const fd = host.eventfd();
  const [r] = on.pipe();
  on.sim.at(0.25, () => void write(fd, 1n));
  // The memory of the wait is the memory of the action, which the core never lets happen.
  const waits = [
    [fd, EVENT_IN],
    [r, EVENT_IN],
  ] as const;
  const { result, ms } = on.timed(() => poll(waits, 1000)[0]);
  // As a signal does: the caller waits for the rest of the time, and looks at the counter first.
  assert.is(result, -4);
  assert.is(ms, 250);
  assert.equal(poll(waits, 750), [1, EVENT_IN, 0]);
  host.read(memory, fd, 512, 8);
  assert.equal(on.timed(() => poll(waits, 750)).ms, 750);
});

test("a simulated WASI has no eventfd of the kernel, no dup3, and no type for a pipe", () => {
  const { on, host, memory, view } = made();
  const before = [...on.sim.kernel.descriptors].length;
  host.eventfd();
  assert.is([...on.sim.kernel.descriptors].length, before);
  assert.is(host.dup3(0, 1), -ENOSYS);
  for (const call of ["epoll_create1", "kqueue", "timerfd_create", "inotify_init"] as const) {
    assert.is(host[call](0 as never), -ENOSYS);
  }
  // A descriptor without a type is taken for a pipe. An eventfd that the runtime opened has none.
  for (const fd of [on.pipe()[0], on.os.eventfd(1)]) {
    assert.is(host.fd_stat(memory, fd, 0), 0);
    assert.is(view.getUint32(STAT_KIND, true), FD_PIPE);
  }
});

test.run();
