// ONESHOT and EXCLUSIVE. EPO-130 to 145.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  type Epoll,
  EPOLLERR as ERR,
  EPOLLET as ET,
  EPOLLEXCLUSIVE as EXCLUSIVE,
  EPOLLHUP as HUP,
  EPOLLIN as IN,
  EPOLLONESHOT as ONESHOT,
  EPOLLOUT as OUT,
  EPOLLPRI as PRI,
  EPOLLRDHUP as RDHUP,
  EPOLLRDNORM as RDNORM,
  EPOLLWAKEUP as WAKEUP,
  EPOLLWRNORM as WRNORM,
  FileExistsError,
  OSError,
} from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { scoped } from "../support/descriptors.ts";
import { inThread, throws } from "../support/expect.ts";
import { type Running } from "../support/world.ts";
import { assertOnce } from "./support.ts";

const NVAL = 0x20;

test(
  "EPO-130: a one-shot registration reports once",
  scoped((s) => {
    const [r, w] = s.pipe();
    const e = s.epoll([r, IN | ONESHOT]);
    os.write(w, "x");
    assertOnce(e, r, IN);
    os.write(w, "y");
    assert.equal(e.poll(0), []);
  }),
);

test(
  "EPO-131: a registration that has reported reports nothing more, not even HUP and ERR",
  scoped((s) => {
    const [r, w] = s.pipe();
    const e = s.epoll([r, IN | ONESHOT], [w, OUT | ONESHOT]);
    os.write(w, "x");
    assert.is(e.poll(0).length, 2);
    s.close(w);
    assert.equal(e.poll(0), []);

    const [reader, writer] = s.pipe();
    const other = s.epoll([writer, OUT | ONESHOT]);
    assert.equal(other.poll(0), [[writer, OUT]]);
    s.close(reader);
    assert.equal(other.poll(0), []);
  }),
);

test(
  "EPO-132: a one-shot registration stays registered",
  scoped((s) => {
    const [r, w] = s.pipe();
    const e = s.epoll([r, IN | ONESHOT]);
    os.write(w, "x");
    e.poll(0);
    throws(() => e.register(r, IN), FileExistsError, "EEXIST");
    e.unregister(r);
  }),
);

test(
  "EPO-133: modifying re-arms a one-shot, also for data and a hangup that are already there",
  scoped((s) => {
    const [r, w] = s.pipe();
    const e = s.epoll([r, IN | ONESHOT]);
    os.write(w, "x");
    assert.equal(e.poll(0), [[r, IN]]);
    e.modify(r, IN | ONESHOT);
    assert.equal(e.poll(0), [[r, IN]]);
    s.close(w);
    assert.equal(e.poll(0), []);
    e.modify(r, ONESHOT);
    assertOnce(e, r, HUP);
  }),
);

test(
  "EPO-136: with ET, modifying re-arms for data that waits or is to come",
  scoped((s) => {
    const [r, w] = s.pipe();
    const e = s.epoll([r, IN | ONESHOT | ET]);
    os.write(w, "x");
    assertOnce(e, r, IN);
    e.modify(r, IN | ONESHOT | ET);
    assert.equal(e.poll(0), [[r, IN]]);
    os.read(r, 1);
    e.modify(r, IN | ONESHOT | ET);
    assert.equal(e.poll(0), []);
    os.write(w, "y");
    assertOnce(e, r, IN);
  }),
);

/** Answers every byte on data.fd, waiting with a one-shot epoll of its own, until a "q" comes. */
const ECHO = `
  const e = select.epoll();
  const { EPOLLIN, EPOLLONESHOT } = select;
  e.register(data.fd, EPOLLIN | EPOLLONESHOT);
  let answered = 0;
  for (let over = false; !over; ) {
    if (e.poll(10).length === 0) throw new Error("an event was lost after " + answered);
    try {
      for (const byte of os.read(data.fd, 100)) {
        if (byte === 113) over = true;
        else os.write(data.fd, "r");
        if (byte !== 113) answered++;
      }
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
    e.modify(data.fd, EPOLLIN | EPOLLONESHOT);
  }
  os.write(data.fd, "q"); // one for the other thread: either reads the bytes that follow
  e.close();
  return answered;`;

test(
  "EPO-137: two epolls that re-arm one socket in two threads lose no event",
  scoped(async (s) => {
    const REQUESTS = 3000;
    const [a, b] = s.socketpair();
    const threads = [await inThread(0, ECHO, { fd: b }), await inThread(0, ECHO, { fd: b })];
    const e = s.epoll([a, IN]);
    for (let i = 0; i < REQUESTS; i++) {
      os.write(a, "x");
      assert.equal(e.poll(10), [[a, IN]], `no answer to request ${i}`);
      assert.is(os.read(a, 1).toString(), "r");
    }
    os.write(a, "q");
    assert.equal(e.poll(10), [[a, IN]]);
    os.write(a, "q");
    const answered = (await Promise.all(threads.map(({ done }) => done))) as [number, number];
    assert.is(answered[0] + answered[1], REQUESTS);
  }),
);

test(
  "EPO-138: EXCLUSIVE is allowed with IN, OUT, ERR, HUP, WAKEUP, ET or nothing",
  scoped((s) => {
    const [r] = s.pipe();
    const e = s.epoll();
    for (const mask of [IN, OUT, IN | OUT, ERR, HUP, IN | WAKEUP, IN | ET, 0]) {
      e.register(r, EXCLUSIVE | mask);
      e.unregister(r);
    }
    e.register(r, EXCLUSIVE | IN | OUT | ERR | HUP | WAKEUP | ET);
  }),
);

test(
  "EPO-139: EXCLUSIVE with any other bit is EINVAL",
  scoped((s) => {
    const [r] = s.pipe();
    const e = s.epoll();
    for (const mask of [PRI, RDHUP, RDNORM, WRNORM, NVAL, ONESHOT]) {
      throws(() => e.register(r, EXCLUSIVE | IN | mask), OSError, "EINVAL");
    }
    e.register(r, IN);
  }),
);

test(
  "EPO-140: EXCLUSIVE is for registering only",
  scoped((s) => {
    const [r, w] = s.pipe();
    const e = s.epoll([r, IN]);
    throws(() => e.modify(r, EXCLUSIVE | IN), OSError, "EINVAL");
    throws(() => e.modify(w, EXCLUSIVE | OUT), OSError, "EINVAL");
    e.unregister(r);
    e.register(r, EXCLUSIVE | IN);
    throws(() => e.modify(r, IN), OSError, "EINVAL");
    throws(() => e.register(r, IN), FileExistsError, "EEXIST");
  }),
);

test(
  "EPO-142: EXCLUSIVE is not for epolls",
  scoped((s) => {
    const inner = s.epoll();
    const e = s.epoll();
    throws(() => e.register(inner, EXCLUSIVE | IN), OSError, "EINVAL");
    e.register(inner, IN);
  }),
);

/** Waits on a descriptor of an epoll for data.seconds, and returns the number of events. */
const WAIT = `return select.epoll.fromfd(data.epfd).poll(data.seconds).length;`;

/** How long a thread waits: a busy machine takes its time to start several. */
const WAIT_SECONDS = 3;

/** A thread for each epoll, blocked in a wait. */
async function waitersOf(epolls: readonly Epoll[]): Promise<Running[]> {
  const waiters = await Promise.all(
    epolls.map((e) => inThread(0, WAIT, { epfd: e.fileno(), seconds: WAIT_SECONDS })),
  );
  for (const waiter of waiters) await waiter.blocked();
  return waiters;
}

test(
  "EPO-143: of two blocked epolls with EXCLUSIVE one wakes",
  scoped(async (s) => {
    const [r, w] = s.pipe();
    const epolls = [s.epoll([r, EXCLUSIVE | IN]), s.epoll([r, EXCLUSIVE | IN])];
    const waiters = await waitersOf(epolls);
    os.write(w, "x");
    // The wake is spent on one; the other polls again at its deadline only.
    const first = await Promise.race(waiters.map(({ done }) => done));
    assert.is(first, 1);
    os.read(r, 1);
    const woken = (await Promise.all(waiters.map(({ done }) => done))) as number[];
    assert.equal(woken.sort(), [0, 1]);
  }),
);

test(
  "EPO-144: EXCLUSIVE hides no state from a later wait",
  scoped((s) => {
    const [r, w] = s.pipe();
    const epolls = [s.epoll([r, EXCLUSIVE | IN]), s.epoll([r, EXCLUSIVE | IN])];
    os.write(w, "x");
    for (const e of [...epolls, ...epolls]) assert.equal(e.poll(0), [[r, IN]]);
  }),
);

test(
  "EPO-145: a plain epoll wakes besides one of three exclusive ones",
  scoped(async (s) => {
    const [r, w] = s.pipe();
    const exclusive = [1, 2, 3].map(() => s.epoll([r, EXCLUSIVE | IN]));
    const waiters = await waitersOf([...exclusive, s.epoll([r, IN])]);
    os.write(w, "x");
    assert.is(await waiters.at(-1)?.done, 1, "the plain one");
    await Promise.race(waiters.slice(0, -1).map(({ done }) => done));
    os.read(r, 1);
    const counts = (await Promise.all(waiters.map(({ done }) => done))) as number[];
    assert.is(counts.pop(), 1, "the plain one");
    assert.equal(counts.sort(), [0, 0, 1]);
  }),
);

test.run();
