// Queues on a host that has kqueue: the changes that reach the host, and the events that come back.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  CAPABILITY_KQUEUE,
  EBADF,
  EINTR,
  EV_ADD,
  EV_CLEAR,
  EV_ERROR,
  FILTER_TIMER,
  FILTER_USER,
  KEVENT_SIZE,
} from "../../asm/abi.ts";
import { OSError, ValueError } from "../../bindings/errors.ts";
import { createSelectModule } from "../../bindings/node/host.ts";
import type { Host } from "../../host/host.ts";
import { hostWith } from "../support/hosts.ts";
import { throws } from "../support/expect.ts";

const KQ = 40;

/** A host with the given `kevent`; `closed` lists the descriptors that were closed. */
function hostOf(kevent: Host["kevent"], calls: Partial<Host> = {}): Host & { closed: number[] } {
  const closed: number[] = [];
  let next = KQ;
  return {
    ...hostWith({
      capabilities: () => CAPABILITY_KQUEUE,
      kqueue: () => next++,
      kevent,
      close: (fd) => (closed.push(fd), 0),
      ...calls,
    }),
    closed,
  };
}

/** Bytes of a kevent record in hex. */
function hexAt(memory: WebAssembly.Memory, at: number): string {
  return Buffer.from(memory.buffer, at >>> 0, KEVENT_SIZE)
    .toString("hex")
    .replace(/(.{16})/g, "$1 ")
    .trimEnd();
}

test("changes reach the kernel as they are, and its events come back", () => {
  const seen: string[] = [];
  const host = hostOf((memory, kq, changes, nchanges, events, capacity, timeoutMs) => {
    seen.push(`${kq} ${nchanges} ${capacity} ${timeoutMs}`, hexAt(memory, changes));
    const bytes = new Uint8Array(memory.buffer);
    bytes.copyWithin(events, changes, changes + KEVENT_SIZE);
    new DataView(memory.buffer).setBigInt64(events + 16, -2n, true);
    return 1;
  });
  const { kqueue, kevent } = createSelectModule(host);
  using kq = kqueue();
  assert.is(kq.fileno(), KQ);
  const change = kevent(7, FILTER_TIMER, EV_ADD | EV_CLEAR, 1, 2, 3);
  const [event] = kq.control([change], 4, 0.25);
  assert.equal(seen, [
    "40 1 4 250",
    "0700000000000000 f9ff210001000000 0200000000000000 0300000000000000",
  ]);
  assert.is(String(event), String(kevent(7, FILTER_TIMER, EV_ADD | EV_CLEAR, 1, -2, 3)));
});

test("an interrupted wait goes on without its changes, for the rest of its timeout", () => {
  let time = 5;
  const seen: string[] = [];
  const host = hostOf(
    (_memory, _kq, _changes, nchanges, _events, capacity, timeoutMs) => {
      seen.push(`${nchanges} ${capacity} ${timeoutMs}`);
      time += 30;
      return seen.length < 3 ? -EINTR : 0;
    },
    { now: () => time },
  );
  const { kqueue, kevent } = createSelectModule(host);
  using kq = kqueue();
  assert.equal(kq.control([kevent(1), kevent(2)], 3, 0.1), []);
  assert.equal(seen, ["2 3 100", "0 3 70", "0 3 40"]);
});

test("errors of changes are events, and an error without room is thrown", () => {
  const host = hostOf((memory, _kq, changes, _nchanges, events, capacity) => {
    if (capacity === 0) return -EBADF;
    const bytes = new Uint8Array(memory.buffer);
    bytes.copyWithin(events, changes, changes + KEVENT_SIZE);
    const view = new DataView(memory.buffer);
    view.setUint16(events + 10, EV_ERROR, true);
    view.setBigInt64(events + 16, BigInt(EBADF), true);
    return 1;
  });
  const { kqueue, kevent } = createSelectModule(host);
  using kq = kqueue();
  const [event] = kq.control([kevent(1000)], 1, 0);
  assert.equal([event?.flags, Number(event?.data)], [EV_ERROR, EBADF]);
  assert.is((throws(() => kq.control([kevent(1000)], 0), OSError, "EBADF") as OSError).errno, 9);
});

test("fromfd takes a descriptor as it is, and close closes it", () => {
  const waited: number[] = [];
  const host = hostOf((_memory, kq) => (waited.push(kq), 0));
  const { kqueue } = createSelectModule(host);
  const kq = kqueue();
  const same = kqueue.fromfd(kq.fileno());
  const other = kqueue.fromfd(77);
  same.control(null, 1, 0);
  other.control(null, 1, 0);
  assert.equal(waited, [KQ, 77]);
  other.close();
  kq.close();
  kq.close();
  assert.equal(host.closed, [77, KQ]);
  throws(() => kq.control(null, 1, 0), ValueError);
});

test("closing a queue closes it for all its objects, and its number once", () => {
  let closing: ((fd: number) => void) | undefined;
  const waited: number[] = [];
  const host = hostOf((_memory, kq) => (waited.push(kq), 0), {
    onClose: (listener) => void (closing = listener),
  });
  const { kqueue } = createSelectModule(host);
  const [first, second] = [kqueue(), kqueue()];
  const same = kqueue.fromfd(KQ);
  same.close();
  assert.equal(host.closed, [KQ]);
  throws(() => first.control(null, 1, 0), OSError, "EBADF");
  closing?.(KQ + 1); // through omnipoll/os
  throws(() => second.control(null, 1, 0), OSError, "EBADF");
  const again = kqueue.fromfd(KQ); // another queue has the number now
  for (const closed of [first, second]) closed.close();
  assert.equal(host.closed, [KQ]);
  again.control(null, 1, 0);
  again.close();
  assert.equal([host.closed, waited], [[KQ, KQ], [KQ]]);
});

test("a failure of the host to make a queue, or to wait, is the error of the call", () => {
  const failing = createSelectModule(hostOf(() => -EBADF, { kqueue: () => -24 }));
  throws(() => failing.kqueue(), OSError, "EMFILE");
  throws(() => failing.kqueue.fromfd(9).control(null, 1, 0), OSError, "EBADF");
});

test("user events may be triggered through any object, also of another thread's queue", () => {
  const seen: number[] = [];
  const host = hostOf((_memory, kq, _changes, nchanges) => (seen.push(kq, nchanges), 0));
  const { kqueue, kevent } = createSelectModule(host);
  kqueue.fromfd(50).control([kevent(1, FILTER_USER, 0, 0x01000000)], 0);
  assert.equal(seen, [50, 1]);
});

test.run();
