// createGuest's `cancel`: a descriptor that ends the waits of a guest, from any thread.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { EPOLL_CTL_ADD } from "../../asm/abi.ts";
import * as os from "../../bindings/node/os.ts";
import { scoped } from "../support/descriptors.ts";
import { inThread, throws } from "../support/expect.ts";
import { openDescriptors } from "../support/files.ts";
import { cGuest, epollControl, epollWait, kevent } from "./c-guest.ts";
import { FakeSource } from "./fake-source.ts";
import { made, withGuest } from "./plain-guest.ts";

const RING = "os.eventfd_write(data, 1)";

test(
  "a call that waits throws when another thread rings, and so does every later one",
  scoped(async (s) => {
    const cancel = s.own(os.eventfd(0));
    const [r] = s.pipe();
    const { poll, read, dispose } = made({ stdin: r, cancel });
    assert.is((poll({ read: 0 }, { clock: 1, ns: 0n }) as unknown[]).length, 1);
    const { done } = await inThread(20, RING, cancel);
    const message = `the guest is cancelled: descriptor ${cancel} of the host is ready`;
    assert.is(throws(() => read(0, 1), Error).message, message);
    await done;
    throws(() => poll({ read: 0 }), Error);
    throws(() => poll({ clock: 1, ns: 2n ** 63n }), Error);
    throws(() => poll({ clock: 1, ns: 0n }), Error);
    // Nothing is taken from the descriptor: other guests may have it, too.
    assert.is(os.eventfd_read(cancel), 1);
    assert.is((poll({ clock: 1, ns: 0n }) as unknown[]).length, 1);
    dispose();
  }),
);

test(
  "epolls and queues throw, and close what they have",
  scoped(async (s) => {
    const cancel = s.own(os.eventfd(0));
    const before = openDescriptors();
    const guest = cGuest({ cancel });
    const { calls, dispose } = guest;
    const [ep, kq] = [calls.epoll_create1(0), calls.kqueue()];
    const { done } = await inThread(20, RING, cancel);
    throws(() => epollWait(guest, ep, -1), Error);
    throws(() => kevent(guest, kq, [], 8, -1), Error);
    await done;
    // So do calls that would not wait: a guest that goes on making calls is ended.
    throws(() => calls.epoll_create1(0), Error);
    throws(() => epollControl(guest, ep, EPOLL_CTL_ADD, kq, 1), Error);
    throws(() => guest.imports["fd_close"]?.(...([ep] as never[])), Error);
    dispose();
    assert.is(openDescriptors(), before);
  }),
);

test(
  "a wait for objects of JavaScript is DEADLK as ever, one beside a clock throws",
  scoped(async (s) => {
    const cancel = s.own(os.eventfd(0));
    const { poll, dispose } = made({ stdin: new FakeSource(), cancel });
    assert.is(poll({ read: 0 }), 16);
    const { done } = await inThread(20, RING, cancel);
    throws(() => poll({ read: 0 }, { clock: 1, ns: 2n ** 62n }), Error);
    await done;
    dispose();
  }),
);

test(
  "a call that is suspended throws",
  scoped(async (s) => {
    const cancel = s.own(os.eventfd(0));
    const { waiting, waiter, calls, dispose } = cGuest({ cancel });
    const ep = calls.epoll_create1(0);
    const call = Promise.resolve(waiter.suspending(waiting.epoll_wait(ep, 1024, 1, -1)));
    os.eventfd_write(cancel, 1);
    const error = await call.catch((reason: Error) => reason.message);
    assert.is(error, `the guest is cancelled: descriptor ${cancel} of the host is ready`);
    dispose();
  }),
);

test(
  "a descriptor that is closed cancels, and a value that is no descriptor is refused",
  withGuest((make, s) => {
    const cancel = os.eventfd(0);
    const { poll } = make({ cancel });
    os.close(cancel);
    throws(() => poll({ clock: 1, ns: 2n ** 62n }), Error);
    const refused = (given: unknown, shown: string): void => {
      const { message } = throws(() => make({ cancel: given as number }), TypeError);
      assert.is(message, `cancel must be an open descriptor of the host, got ${shown}`);
    };
    refused(cancel, String(cancel));
    refused(-1, "-1");
    refused("0", "0");
    assert.ok(s);
  }),
);

test.run();
