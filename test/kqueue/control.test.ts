// kevent(2): the order of changes, errors, receipts and events, and which call gets them. KQ-047 to 065.

import { spawnSync } from "node:child_process";

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { KEVENT_SIZE } from "../../asm/abi.ts";
import { coreModule } from "../../bindings/node/host.ts";
import { Core } from "../../bindings/core.ts";
import {
  FileNotFoundError,
  kevent,
  type Kevent,
  kqueue,
  KQ_EV_ADD as ADD,
  KQ_EV_CLEAR as CLEAR,
  KQ_EV_DELETE as DELETE,
  KQ_EV_DISABLE as DISABLE,
  KQ_EV_ENABLE as ENABLE,
  KQ_EV_EOF as EOF,
  KQ_EV_ERROR as ERROR,
  KQ_EV_ONESHOT as ONESHOT,
  KQ_EV_RECEIPT as RECEIPT,
  KQ_FILTER_AIO as AIO,
  KQ_FILTER_PROC as PROC,
  KQ_FILTER_READ as READ,
  KQ_FILTER_SIGNAL as SIGNAL,
  KQ_FILTER_TIMER as TIMER,
  KQ_FILTER_USER as USER,
  KQ_FILTER_VNODE as VNODE,
  KQ_FILTER_WRITE as WRITE,
  KQ_NOTE_EXIT,
  KQ_NOTE_FFCOPY,
  KQ_NOTE_TRIGGER,
  KQ_NOTE_WRITE,
  OSError,
  PermissionError,
} from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { createLinuxHost } from "../../host/linux/host.ts";
import { type Scope, scoped } from "../support/descriptors.ts";
import { change, fieldsOf, idents, newQueue, now, timer, trigger, user } from "./support.ts";
import { closedNumber } from "../support/probes.ts";
import { assertTook, throws, timed } from "../support/expect.ts";
import { openDescriptors } from "../support/files.ts";
import { answered, BEYOND_DEADLINE, clockMs, OWN_PID, SOME_FILE } from "../support/world.ts";

const EBADF = 9;
const ENOENT = 2;
const EINVAL = 22;

test(
  "KQ-047: errors replace events, and nothing is waited for",
  scoped((s) => {
    const queue = newQueue(s);
    const [r, w] = s.pipe();
    os.write(w, "x");
    const fd = closedNumber();
    const changes = [kevent(fd, READ, ADD), kevent(r, READ, ADD), user(1, DELETE)];
    assert.equal(now(queue, changes), [
      [fd, READ, ERROR, 0, EBADF, 0],
      [1, USER, ERROR, 0, ENOENT, 0],
    ]);
    assert.equal(now(queue), [[r, READ, 0, 0, 1, 0]]);
    const idle = newQueue(s);
    const { ms } = timed(() => idle.control([user(1, DELETE)], 1, BEYOND_DEADLINE));
    assertTook(ms, 0, 1000);
  }),
);

test(
  "KQ-048: an error without room is thrown, and ends the changes",
  scoped((s) => {
    const queue = newQueue(s);
    const changes = [user(1, ADD), user(8, DELETE), user(2, ADD), user(9, 0), user(3, ADD)];
    throws(() => queue.control(changes, 1, 0), FileNotFoundError, "ENOENT");
    change(queue, trigger(1), trigger(2));
    throws(() => change(queue, trigger(3)), FileNotFoundError, "ENOENT");
    assert.equal(idents(queue), [1, 2]);
    assert.is(now(queue, changes, 2).length, 2);
    change(queue, trigger(3));
  }),
);

test(
  "KQ-049: an error is EV_ERROR and nothing else, with the errno as data",
  scoped((s) => {
    const queue = newQueue(s);
    const [r] = s.pipe();
    assert.equal(now(queue, [kevent(r, READ, DELETE, 3, 4, 5)]), [[r, READ, ERROR, 3, ENOENT, 5]]);
    const all = ENABLE | CLEAR | ONESHOT | RECEIPT | EOF;
    assert.equal(now(queue, [kevent(7, USER, all, 0xabc, 4, 2n ** 63n)]), [
      [7, USER, ERROR, 0xabc, ENOENT, 2n ** 63n],
    ]);
    // A change that would have made a knote has lost its fflags by then, as in kqueue_register.
    assert.equal(now(queue, [kevent(1, AIO, ADD, 3, 4, 5)]), [[1, AIO, ERROR, 0, 1, 5]]);
  }),
);

test(
  "KQ-050: a receipt is EV_ERROR with data 0, and all that is returned",
  scoped((s) => {
    const queue = newQueue(s);
    const [r, w] = s.pipe();
    os.write(w, "x");
    assert.equal(now(queue, [kevent(r, READ, ADD | RECEIPT, 0, 0, 9)]), [
      [r, READ, ERROR, 0, 0, 9],
    ]);
    assert.equal(now(queue), [[r, READ, RECEIPT, 0, 1, 9]]);
    const several = [
      user(1, ADD | RECEIPT, 0xff, 5),
      user(2, ADD),
      user(1, RECEIPT, KQ_NOTE_TRIGGER | KQ_NOTE_FFCOPY | 0x42, 7, 8),
      user(3, DELETE),
      user(2, DELETE | RECEIPT, 1),
    ];
    assert.equal(now(queue, several), [
      [1, USER, ERROR, 0, 0, 0],
      [1, USER, ERROR, 0x42, 0, 8],
      [3, USER, ERROR, 0, ENOENT, 0],
      [2, USER, ERROR, 1, 0, 0],
    ]);
    assert.equal(idents(queue).sort(), [1, r]);
  }),
);

test("errors and receipts have every byte of the layout", () => {
  const core = new Core(coreModule(), createLinuxHost());
  const handle = core.calls.kqueueCreate();
  assert.is(core.calls.kqueueReserve(handle, 2, 2), 0);
  const bytes = new Uint8Array(core.calls.memory.buffer);
  const at = core.calls.kqueueChanges();
  bytes.fill(0xff, core.calls.kqueueEvents(), core.calls.kqueueEvents() + 2 * KEVENT_SIZE);
  const hex = (address: number): string =>
    Buffer.from(bytes.subarray(address, address + KEVENT_SIZE)).toString("hex");
  // ident 1, filter USER, flags ADD | RECEIPT, fflags, data, udata.
  const add = "0100000000000000 f5ff 4100 44332211 0100000000000000 8877665544332211";
  const remove = "02000000000000f0 f5ff 0200 44332211 ffffffffffffffff 0000000000000080";
  bytes.set(Buffer.from((add + remove).replaceAll(" ", ""), "hex"), at);
  assert.is(core.calls.kqueueControl(handle, 2, 2, -1), 2);
  const events = core.calls.kqueueEvents();
  const receipt = "0100000000000000 f5ff 0040 00000000 0000000000000000 8877665544332211";
  const error = "02000000000000f0 f5ff 0040 44332211 0200000000000000 0000000000000080";
  assert.is(hex(events), receipt.replaceAll(" ", ""));
  assert.is(hex(events + KEVENT_SIZE), error.replaceAll(" ", ""));
  core.calls.kqueueClose(handle);
});

test(
  "KQ-051: a receipt without room ends the call, and the changes behind it are not made",
  scoped((s) => {
    const queue = newQueue(s);
    assert.equal(queue.control([user(1, ADD | RECEIPT), user(2, ADD)], 0), []);
    change(queue, trigger(1));
    throws(() => change(queue, trigger(2)), FileNotFoundError);
    assert.equal(idents(queue), [1]);
    const three = [user(3, ADD | RECEIPT), user(4, ADD | RECEIPT), user(5, ADD)];
    const { result, ms } = timed(() => queue.control(three, 1, BEYOND_DEADLINE));
    assert.equal(result, []);
    assertTook(ms, 0, 1000);
    change(queue, trigger(3), trigger(4));
    throws(() => change(queue, trigger(5)), FileNotFoundError);
  }),
);

test(
  "KQ-052: with max_events 0 no timeout counts",
  scoped((s) => {
    const queue = newQueue(s);
    for (const timeout of [BEYOND_DEADLINE, null]) {
      const { result, ms } = timed(() => queue.control([user(1, ADD)], 0, timeout));
      assert.equal(result, []);
      assertTook(ms, 0, 1000);
    }
  }),
);

test(
  "KQ-055: a timeout beyond 2^31 seconds waits as long as one without end",
  scoped((s) => {
    const queue = newQueue(s);
    const begun = clockMs();
    change(queue, timer(1, ADD | ONESHOT, 0, 60));
    const result = queue.control(null, 1, 2 ** 31 + 1);
    assert.equal(result.map(fieldsOf), [[1, TIMER, ONESHOT | CLEAR, 0, 1, 0]]);
    assertTook(clockMs() - begun, 60, 2000);
  }),
);

test(
  "KQ-056: an entry with filter 0 is passed over",
  scoped((s) => {
    const queue = newQueue(s);
    change(queue, kevent(1, 0, ADD), user(1, ADD), kevent(9, 0, 0xffff));
    assert.equal(now(queue, [kevent(1, 0, DELETE | RECEIPT), trigger(1)]), [[1, USER, 0, 0, 0, 0]]);
  }),
);

test(
  "KQ-057: an unknown filter is EINVAL",
  scoped((s) => {
    const queue = newQueue(s);
    // FreeBSD's EVFILT_EMPTY is one that the core does not have.
    const own = answered([-13], []);
    for (const filter of [1, -9, -10, -12, ...own, -99, 32767, -32768]) {
      throws(() => change(queue, kevent(0, filter, ADD)), OSError, "EINVAL");
      throws(() => change(queue, kevent(0, filter, DELETE)), OSError, "EINVAL");
      assert.equal(now(queue, [kevent(0, filter, ADD)]), [[0, filter, ERROR, 0, EINVAL, 0]]);
    }
  }),
);

test(
  "requests are not made with a change of AIO",
  scoped((s) => {
    throws(() => change(newQueue(s), kevent(1, AIO, ADD)), PermissionError, "EPERM");
  }),
);

test(
  "KQ-058: flags of the system are not the user's to give",
  scoped((s) => {
    const queue = newQueue(s);
    const system = ERROR | EOF | 0x1000 | 0x2000;
    const [r, w] = s.pipe();
    change(queue, kevent(r, READ, ADD | system), user(1, ADD | system), trigger(1, system));
    os.write(w, "x");
    assert.equal(now(queue), [
      [1, USER, 0, 0, 0, 0],
      [r, READ, 0, 0, 1, 0],
    ]);
  }),
);

test("KQ-059: a queue that is closed, or never was one, is EBADF", () => {
  const queue = kqueue();
  const fd = queue.fileno();
  const other = kqueue.fromfd(fd);
  queue.close();
  throws(() => other.control(null, 1, 0), OSError, "EBADF");
  throws(() => other.control([user(1, ADD)], 0), OSError, "EBADF");
  other.close();
  throws(() => kqueue.fromfd(fd).control([trigger(1)], 0), OSError, "EBADF");
});

test(
  "KQ-060: a queue does not watch itself",
  scoped((s) => {
    const queue = newQueue(s);
    const fd = queue.fileno();
    throws(() => change(queue, kevent(fd, READ, ADD)), OSError, "EINVAL");
    throws(() => change(newQueue(s), kevent(fd, WRITE, ADD)), OSError, "EINVAL");
    change(queue, user(fd, ADD), trigger(fd));
    assert.equal(idents(queue), [fd]);
  }),
);

test(
  "KQ-060: a duplicate of the queue's descriptor is refused, too",
  scoped((s) => {
    const queue = newQueue(s);
    throws(() => change(queue, kevent(s.dup(queue.fileno()), READ, ADD)), OSError, "EINVAL");
  }),
);

/** Closes queues with active knotes, and more of them; nothing must be left. */
function closeActive(s: Scope, more: (file: number) => Kevent[]): void {
  const [r, w] = s.pipe();
  const file = s.open(SOME_FILE);
  os.write(w, "x");
  const before = openDescriptors();
  for (let i = 0; i < 3; i++) {
    const queue = kqueue();
    change(
      queue,
      kevent(r, READ, ADD),
      kevent(w, WRITE, ADD),
      kevent(file, READ, ADD),
      ...more(file),
      timer(1, ADD, 0, 1),
      user(1, ADD),
      trigger(1),
    );
    assert.ok(queue.control(null, 8, 0.05).length > 0);
    if (i > 0) queue.control(null, 1, 0);
    queue.close();
  }
  assert.is(openDescriptors(), before);
}

test(
  "closing a queue with active knotes of the kinds that every host has leaves nothing",
  scoped((s) => closeActive(s, () => [])),
);

test(
  "KQ-063: closing a queue with active knotes of every kind leaves nothing",
  scoped((s) => {
    closeActive(s, (file) => [
      kevent(file, VNODE, ADD | CLEAR, KQ_NOTE_WRITE),
      kevent(OWN_PID, PROC, ADD, KQ_NOTE_EXIT),
      kevent(12, SIGNAL, ADD),
    ]);
    // The signal keeps its disposition.
    const code = `
      const { kqueue, kevent } = await import("${new URL("../../bindings/node/select.js", import.meta.url).href}");
      const queue = kqueue();
      queue.control([kevent(12, ${SIGNAL}, ${ADD})], 0);
      queue.close();
      process.kill(process.pid, 12);
      await new Promise((resolve) => setTimeout(resolve, 2000));`;
    const { signal } = spawnSync(process.execPath, ["--input-type=module", "-e", code]);
    assert.is(signal, "SIGUSR2");
  }),
);

test(
  "KQ-064: a program that is started has no queue of its parent's",
  scoped((s) => {
    const queue = newQueue(s);
    const { stdout } = spawnSync("sh", ["-c", `test -e /proc/self/fd/${queue.fileno()}; echo $?`], {
      encoding: "utf8",
    });
    assert.is(stdout, "1\n");
  }),
);

test(
  "KQ-065: many knotes come and go, and every trigger is reported",
  scoped((s) => {
    const queue = newQueue(s);
    const COUNT = 5000;
    const all = Array.from({ length: COUNT }, (_, i) => i * 7);
    for (let round = 0; round < 3; round++) {
      change(queue, ...all.map((ident) => user(ident, ADD, 0, 0, round)));
      change(queue, ...all.map((ident) => trigger(ident)));
      assert.equal(idents(queue, 2 * COUNT), all);
      change(queue, ...all.map((ident) => user(ident, DELETE)));
      assert.equal(idents(queue), []);
      assert.is(now(queue, [user(7, DELETE)])[0]?.[4], ENOENT);
    }
  }),
);

test(
  "changes before an error are applied, and changes behind it if there is room",
  scoped((s) => {
    const queue = newQueue(s);
    const changes = [user(1, ADD), user(9, DELETE), user(2, ADD), trigger(1), trigger(2)];
    assert.equal(now(queue, changes), [[9, USER, ERROR, 0, ENOENT, 0]]);
    assert.equal(idents(queue), [1, 2]);
    throws(
      () => change(queue, user(1, DELETE), user(9, DELETE), user(2, DELETE)),
      FileNotFoundError,
    );
    assert.equal(idents(queue), [2]);
  }),
);

test(
  "EV_ENABLE with EV_DISABLE is EINVAL even before the filter is checked",
  scoped((s) => {
    const queue = newQueue(s);
    throws(() => change(queue, kevent(0, -99, ENABLE | DISABLE)), OSError, "EINVAL");
    throws(() => change(queue, user(1, ADD | ENABLE | DISABLE)), OSError, "EINVAL");
    throws(() => change(queue, user(1, DELETE)), FileNotFoundError, "ENOENT");
  }),
);

test.run();
