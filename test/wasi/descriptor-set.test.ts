// DescriptorSet: what a guest has open, seen and closed from outside.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { EPOLL_CTL_ADD } from "../../asm/abi.ts";
import { KQ_EV_ADD, KQ_FILTER_READ, KQ_FILTER_TIMER } from "../../bindings/exports.ts";
import { createSelectModule } from "../../bindings/node/host.ts";
import * as os from "../../bindings/node/os.ts";
import { host } from "../../bindings/node/select.ts";
import { DescriptorSet } from "../../wasi/descriptor-set.ts";
import { scoped } from "../support/descriptors.ts";
import { throws } from "../support/expect.ts";
import { openDescriptors } from "../support/files.ts";
import { cGuest, epollControl, kevent } from "./c-guest.ts";

/** A guest whose descriptors are in a set, as in a worker. */
function recorded(shared: SharedArrayBuffer) {
  const set = new DescriptorSet(shared);
  return cGuest({
    select: createSelectModule(set.recordHost(host)),
    os: set.recordOs(os),
  });
}

test(
  "everything that a guest opened is closed without the guest",
  scoped((s) => {
    const set = new DescriptorSet();
    const before = openDescriptors();
    const [r, w] = s.pipe();
    const given = openDescriptors() - before;
    const guest = recorded(set.shared);
    const { calls, imports } = guest;
    assert.is(set.size, 0);
    guest.set(20, r);
    const ep = calls.epoll_create1(0);
    const kq = calls.kqueue();
    calls.eventfd(0, 0);
    calls.timerfd_create(1, 0);
    epollControl(guest, ep, EPOLL_CTL_ADD, kq, 1);
    kevent(guest, kq, [
      [1, KQ_FILTER_TIMER, KQ_EV_ADD, 0, 1000],
      [20, KQ_FILTER_READ, KQ_EV_ADD],
    ]);
    const path = new TextEncoder().encode("/dev/omnipoll/pair/x/a");
    new Uint8Array(guest.memory.buffer, 2048).set(path);
    const open = imports["path_open"] as unknown as (...given: unknown[]) => number;
    assert.is(open(3, 0, 2048, path.length, 0, 0n, 0n, 0, 512), 0);
    const count = set.size;
    // The timer is one where the host has timers; the queue may have others.
    assert.ok(count >= 5, `${count} descriptors`);
    assert.is(set.closeAll(os), count);
    assert.is(openDescriptors(), before + given);
    assert.is(set.size, 0);
    os.write(w, "x");
    assert.is(os.read(r, 9).length, 1, "what was handed in stays open");
  }),
);

test(
  "what a guest closes is out of the set, and stays open for the thread that has the number then",
  scoped((s) => {
    const set = new DescriptorSet();
    const { calls, close, dispose } = recorded(set.shared);
    const fds = [calls.epoll_create1(0), calls.kqueue(), calls.eventfd(0, 0)];
    for (const fd of fds) close(fd);
    assert.is(set.size, 0);
    const [r, w] = s.pipe();
    assert.is(set.closeAll(os), 0);
    os.write(w, "x");
    assert.is(os.read(r, 1).length, 1);
    dispose();
    assert.is(set.size, 0);
  }),
);

test("the memory of another object is refused", () => {
  for (const shared of [new SharedArrayBuffer(8), new ArrayBuffer(131_072), null]) {
    const { message } = throws(() => new DescriptorSet(shared as SharedArrayBuffer), TypeError);
    assert.is(message, "shared must be the `shared` of another DescriptorSet");
  }
});

test.run();
