// Objects of JavaScript in the epolls and queues of C guests.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_CTL_MOD,
  EV_ADD,
  EV_CLEAR,
  EV_DELETE,
  EV_DISABLE,
  EV_DISPATCH,
  EV_ENABLE,
  EV_EOF,
  EV_ERROR,
  EV_ONESHOT,
  EV_RECEIPT,
  EVENT_ET,
  EVENT_HUP,
  EVENT_IN,
  EVENT_ONESHOT,
  EVENT_OUT,
  FILTER_READ,
  FILTER_VNODE,
  FILTER_WRITE,
  NOTE_LOWAT,
} from "../../asm/abi.ts";
import * as os from "../../bindings/node/os.ts";
import { scoped } from "../support/descriptors.ts";
import { cGuest, type Change, epollControl, epollWait, kevent } from "./c-guest.ts";
import { FakeSource, PumpedSource } from "./fake-source.ts";

const [EEXIST, ENOENT, EINVAL] = [-20, -44, -28];

/** A guest whose number 5 is a source, and an epoll. */
function withSource(source = new FakeSource()) {
  const guest = cGuest();
  guest.set(5, source);
  return { guest, source, ep: guest.calls.epoll_create1(0) };
}

test("an epoll reports a source by level", () => {
  const { guest, source, ep } = withSource();
  assert.is(epollControl(guest, ep, EPOLL_CTL_ADD, 5, EVENT_IN), 0);
  assert.is(epollControl(guest, ep, EPOLL_CTL_ADD, 5, EVENT_IN), EEXIST);
  assert.equal(epollWait(guest, ep), []);
  source.set(EVENT_IN | EVENT_OUT);
  assert.equal(epollWait(guest, ep), [[5, EVENT_IN]]);
  assert.equal(epollWait(guest, ep, -1), [[5, EVENT_IN]]);
  source.set(EVENT_OUT | EVENT_HUP);
  assert.equal(epollWait(guest, ep), [[5, EVENT_HUP]]);
  assert.is(epollControl(guest, ep, EPOLL_CTL_MOD, 5, EVENT_OUT), 0);
  assert.equal(epollWait(guest, ep), [[5, EVENT_OUT | EVENT_HUP]]);
  assert.is(epollControl(guest, ep, EPOLL_CTL_DEL, 5, 0), 0);
  assert.is(epollControl(guest, ep, EPOLL_CTL_DEL, 5, 0), ENOENT);
  assert.equal(epollWait(guest, ep), []);
  guest.close(ep);
});

test("an epoll reports a source by edge, and once", () => {
  const { guest, source, ep } = withSource();
  source.set(EVENT_IN);
  assert.is(epollControl(guest, ep, EPOLL_CTL_ADD, 5, EVENT_IN + EVENT_ET), 0);
  assert.equal(epollWait(guest, ep), [[5, EVENT_IN]]);
  assert.equal(epollWait(guest, ep), []);
  source.set(EVENT_IN);
  assert.equal(epollWait(guest, ep), [[5, EVENT_IN]]);
  assert.is(epollControl(guest, ep, EPOLL_CTL_MOD, 5, EVENT_IN + EVENT_ONESHOT), 0);
  assert.equal(epollWait(guest, ep), [[5, EVENT_IN]]);
  source.set(EVENT_IN | EVENT_HUP);
  assert.equal(epollWait(guest, ep), []);
  guest.close(ep);
});

test(
  "sources and descriptors of the host share the room for events",
  scoped((s) => {
    const { guest, source, ep } = withSource();
    const [r, w] = s.pipe();
    guest.set(6, r);
    const other = new FakeSource();
    guest.set(7, other);
    for (const fd of [5, 6, 7]) epollControl(guest, ep, EPOLL_CTL_ADD, fd, EVENT_IN);
    os.write(w, "x");
    source.set(EVENT_IN);
    other.set(EVENT_IN);
    const all = (epollWait(guest, ep) as number[][]).map(([fd]) => fd).sort();
    assert.equal(all, [5, 6, 7]);
    const seen = new Set<unknown>();
    for (let i = 0; i < 12; i++) {
      for (const [fd] of epollWait(guest, ep, 0, 1) as number[][]) seen.add(fd);
    }
    assert.equal([...seen].sort(), [5, 6, 7]);
    guest.close(ep);
  }),
);

test("a wait takes what another thread has sent to a source", () => {
  const pumped = new PumpedSource((looks) => {
    if (looks === 3) pumped.set(EVENT_IN);
  });
  const { guest, ep } = withSource(pumped);
  epollControl(guest, ep, EPOLL_CTL_ADD, 5, EVENT_IN);
  assert.equal(epollWait(guest, ep, -1), [[5, EVENT_IN]]);
  guest.close(ep);
});

test("an epoll within an epoll is ready when a source in it is", () => {
  const { guest, source, ep } = withSource();
  const outer = guest.calls.epoll_create1(0);
  epollControl(guest, ep, EPOLL_CTL_ADD, 5, EVENT_IN);
  epollControl(guest, outer, EPOLL_CTL_ADD, ep, EVENT_IN);
  assert.equal(epollWait(guest, outer), []);
  source.set(EVENT_IN);
  assert.equal(epollWait(guest, outer, -1), [[ep, EVENT_IN]]);
  source.set(0);
  assert.equal(epollWait(guest, outer), []);
  guest.close(outer);
  guest.close(ep);
});

test("a source that ends, or an epoll that does, watches no more", () => {
  const { guest, source, ep } = withSource();
  const other = guest.calls.epoll_create1(0);
  for (const epfd of [ep, other]) epollControl(guest, epfd, EPOLL_CTL_ADD, 5, EVENT_IN);
  assert.is(source.watchers.size, 2);
  guest.close(other);
  assert.is(source.watchers.size, 1);
  source.set(EVENT_IN);
  guest.close(5);
  assert.is(source.watchers.size, 0);
  assert.equal(epollWait(guest, ep), []);
  guest.close(ep);
});

test("a guest's memory may grow during a wait", () => {
  const pumped = new PumpedSource(() => {
    guest.memory.grow(1);
    pumped.set(EVENT_IN);
  });
  const { guest, ep } = withSource(pumped);
  epollControl(guest, ep, EPOLL_CTL_ADD, 5, EVENT_IN);
  assert.equal(epollWait(guest, ep, -1), [[5, EVENT_IN]]);
  guest.close(ep);
});

test(
  "two numbers for one descriptor of the host are two registrations",
  scoped((s) => {
    const guest = cGuest();
    const [r, w] = s.pipe();
    for (const fd of [5, 6]) guest.set(fd, r);
    const ep = guest.calls.epoll_create1(0);
    const kq = guest.calls.kqueue();
    for (const fd of [5, 6]) {
      assert.is(epollControl(guest, ep, EPOLL_CTL_ADD, fd, EVENT_IN), 0);
      assert.equal(kevent(guest, kq, [[fd, FILTER_READ, EV_ADD, 0, 0, fd]]), []);
    }
    os.write(w, "x");
    const reported = (): unknown => [
      (epollWait(guest, ep) as number[][]).map(([fd]) => fd).sort(),
      (kevent(guest, kq, []) as number[][]).map(([fd]) => fd).sort(),
    ];
    assert.equal(reported(), [
      [5, 6],
      [5, 6],
    ]);
    assert.is(epollControl(guest, ep, EPOLL_CTL_DEL, 6, 0), 0);
    assert.equal(kevent(guest, kq, [[6, FILTER_READ, EV_DELETE]], 0), []);
    assert.equal(reported(), [[5], [5]]);
    guest.close(kq);
    guest.close(ep);
  }),
);

/** A guest whose number 5 is a source, and a queue. */
function withQueue() {
  const guest = cGuest();
  const source = new FakeSource();
  guest.set(5, source);
  return { guest, source, kq: guest.calls.kqueue() };
}

test("a queue reports a source by level, with its bytes and its end", () => {
  const { guest, source, kq } = withQueue();
  assert.equal(kevent(guest, kq, [[5, FILTER_READ, EV_ADD, 0, 0, 77]]), []);
  source.set(EVENT_IN, 12);
  const event = [5, FILTER_READ, 0, 0, 12, 77];
  assert.equal(kevent(guest, kq, []), [event]);
  assert.equal(kevent(guest, kq, [], 8, -1), [event]);
  source.set(EVENT_IN | EVENT_HUP, 12);
  assert.equal(kevent(guest, kq, []), [[5, FILTER_READ, EV_EOF, 0, 12, 77]]);
  assert.equal(kevent(guest, kq, [[5, FILTER_READ, EV_DELETE]]), []);
  assert.is(kevent(guest, kq, [[5, FILTER_READ, EV_DELETE]], 0), ENOENT);
  assert.is(source.watchers.size, 0);
  guest.close(kq);
});

test("a knote of a source has the flags of any knote", () => {
  const { guest, source, kq } = withQueue();
  source.set(EVENT_IN | EVENT_OUT, 2);
  const count = (...changes: Change[]): number => (kevent(guest, kq, changes) as unknown[]).length;
  assert.is(count([5, FILTER_READ, EV_ADD | EV_CLEAR]), 1);
  assert.is(count(), 0);
  source.set(EVENT_IN | EVENT_OUT, 2);
  assert.is(count(), 1);
  assert.is(count([5, FILTER_WRITE, EV_ADD | EV_ONESHOT]), 1);
  assert.is(kevent(guest, kq, [[5, FILTER_WRITE, EV_DELETE]], 0), ENOENT);
  assert.is(count([5, FILTER_WRITE, EV_ADD | EV_DISPATCH]), 1);
  assert.is(count(), 0);
  assert.is(count([5, FILTER_WRITE, EV_ENABLE]), 1);
  assert.is(count([5, FILTER_WRITE, EV_DISABLE]), 0);
  assert.is(count([5, FILTER_READ, EV_DELETE], [5, FILTER_READ, EV_ADD, NOTE_LOWAT, 3]), 0);
  source.set(EVENT_IN, 3);
  assert.is(count(), 1);
  guest.close(kq);
});

test(
  "changes of sources and of descriptors are made in their order",
  scoped((s) => {
    const { guest, source, kq } = withQueue();
    const [r, w] = s.pipe();
    guest.set(6, r);
    os.write(w, "abc");
    source.set(EVENT_IN);
    const answers = kevent(guest, kq, [
      [5, FILTER_READ, EV_ADD | EV_RECEIPT, 0, 0, 1],
      [9, FILTER_READ, EV_ADD, 0, 0, 2],
      [6, FILTER_READ, EV_ADD, 0, 0, 3],
      [5, FILTER_VNODE, EV_ADD, 0, 0, 4],
      [6, FILTER_WRITE, EV_DELETE, 0, 0, 5],
    ]) as number[][];
    assert.equal(
      answers.map(([ident, filter, flags, , data, udata]) => [ident, filter, flags, data, udata]),
      [
        [5, FILTER_READ, EV_ERROR, 0, 1],
        [9, FILTER_READ, EV_ERROR, 8, 2],
        [5, FILTER_VNODE, EV_ERROR, 28, 4],
        [6, FILTER_WRITE, EV_ERROR, 44, 5],
      ],
    );
    const events = (kevent(guest, kq, []) as number[][]).map(([ident, , , , , udata]) => {
      return [ident, udata];
    });
    assert.equal(events.sort(), [
      [5, 1],
      [6, 3],
    ]);
    assert.is(kevent(guest, kq, [[5, FILTER_VNODE, EV_ADD]], 0), EINVAL);
    guest.close(kq);
  }),
);

test("a queue within an epoll is ready when a source in it is", () => {
  const { guest, source, kq } = withQueue();
  const ep = guest.calls.epoll_create1(0);
  kevent(guest, kq, [[5, FILTER_READ, EV_ADD]]);
  epollControl(guest, ep, EPOLL_CTL_ADD, kq, EVENT_IN);
  assert.equal(epollWait(guest, ep), []);
  source.set(EVENT_IN);
  assert.equal(epollWait(guest, ep, -1), [[kq, EVENT_IN]]);
  guest.close(5);
  assert.equal(kevent(guest, kq, []), []);
  assert.equal(epollWait(guest, ep), []);
  guest.close(kq);
  guest.close(ep);
});

test("a kevent without room for a receipt ends with 0, and does not wait", () => {
  const { guest, source, kq } = withQueue();
  source.set(EVENT_OUT);
  const receipt: Change = [5, FILTER_READ, EV_ADD | EV_RECEIPT];
  assert.equal(kevent(guest, kq, [receipt, receipt], 1, -1), []);
  const [r, w] = os.pipe();
  guest.set(6, r);
  guest.set(7, w);
  assert.equal(kevent(guest, kq, [receipt, [6, FILTER_READ, EV_ADD | EV_RECEIPT]], 1, -1), []);
  for (const fd of [6, 7, kq]) guest.close(fd);
});

test("the memory may grow while a source is asked", () => {
  const { guest, source, kq } = withQueue();
  const ep = guest.calls.epoll_create1(0);
  assert.is(epollControl(guest, ep, EPOLL_CTL_ADD, 5, EVENT_IN), 0);
  assert.equal(kevent(guest, kq, [[5, FILTER_READ, EV_ADD]], 0), []);
  source.set(EVENT_IN, 7);
  source.whenAsked = () => guest.memory.grow(1);
  assert.equal(kevent(guest, kq, []), [[5, FILTER_READ, 0, 0, 7, 0]]);
  assert.equal(epollWait(guest, ep), [[5, EVENT_IN]]);
  for (const fd of [kq, ep]) guest.close(fd);
});

test("a source may end after an epoll or a queue that no longer has it", () => {
  const { guest, source, ep } = withSource();
  const kq = guest.calls.kqueue();
  source.set(EVENT_IN);
  assert.is(epollControl(guest, ep, EPOLL_CTL_ADD, 5, EVENT_IN), 0);
  assert.equal(kevent(guest, kq, [[5, FILTER_READ, EV_ADD]], 0), []);
  assert.is(epollControl(guest, ep, EPOLL_CTL_DEL, 5, 0), 0);
  assert.equal(kevent(guest, kq, [[5, FILTER_READ, EV_DELETE]], 0), []);
  assert.equal(kevent(guest, kq, [[5, FILTER_READ, EV_ADD | EV_ONESHOT]], 0), []);
  guest.close(kq);
  guest.close(ep);
  guest.close(5);
});

test.run();
