// Devpoll objects: methods, arguments, registrations. DEV-02 to 21, EMU-18.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  Devpoll,
  devpoll,
  OSError,
  OverflowError,
  POLLIN,
  POLLOUT,
  POLLPRI,
  POLLRDNORM,
  POLLREMOVE,
  POLLWRNORM,
  ValueError,
} from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { type Scope, scoped } from "../support/descriptors.ts";
import { closedNumber, settle } from "../support/probes.ts";
import { assertTook, inThread, throws, timed } from "../support/expect.ts";
import { openDescriptors, readlinkSync } from "../support/files.ts";
import { collected } from "../support/garbage.ts";

/** The methods without their types, for arguments that the types forbid. */
interface AnyDevpoll {
  register(...given: unknown[]): void;
  modify(...given: unknown[]): void;
  unregister(...given: unknown[]): void;
  poll(...given: unknown[]): Array<[number, number]>;
  pollInto(...given: unknown[]): number;
}
const any = (dp: Devpoll): AnyDevpoll => dp as unknown as AnyDevpoll;

/** A devpoll object that is closed when the test ends. */
function newDevpoll(s: Scope): Devpoll {
  const made = devpoll();
  s.onEnd(() => made.close());
  return made;
}

test("devpoll() makes objects, and nothing else does", () => {
  const dp = devpoll();
  assert.instance(dp, Devpoll);
  const AnyClass = Devpoll as unknown as new (...given: unknown[]) => unknown;
  throws(() => new AnyClass(), TypeError);
  throws(() => new AnyClass({}, 1, Symbol("devpoll()")), TypeError);
  throws(() => (devpoll as unknown as (given: unknown) => unknown)(1), TypeError);
  throws(() => ((dp as unknown as { extra: number }).extra = 1), TypeError);
  dp.close();
});

test("DEV-02: the methods are Python's, and there is no fromfd", () => {
  const beyond = new Set(["constructor", "pollInto", "pollAsync", "wakeup", "inspect"]);
  const names = Object.getOwnPropertyNames(Devpoll.prototype).filter((name) => !beyond.has(name));
  assert.equal(names.sort(), [
    "close",
    "closed",
    "fileno",
    "modify",
    "poll",
    "register",
    "unregister",
  ]);
  assert.not.ok("fromfd" in devpoll);
});

test(
  "DEV-05: descriptors are numbers, or have one",
  scoped((s) => {
    const dp = any(newDevpoll(s));
    for (const fd of [0, 1023, 65536, 2 ** 31 - 1, { fileno: () => 7 }, { fd: 8 }]) {
      assert.is(dp.register(fd, 0), undefined);
      assert.is(dp.unregister(fd), undefined);
    }
    for (const call of [dp.register, dp.modify, dp.unregister]) {
      for (const fd of [-1, -(2 ** 31), { fileno: () => -1 }]) {
        throws(() => call.call(dp, fd), ValueError);
      }
      for (const fd of [2 ** 31, 1e300]) throws(() => call.call(dp, fd), OverflowError);
      for (const fd of ["0", null, undefined, 1.5, [], {}, 1n]) {
        throws(() => call.call(dp, fd), TypeError);
      }
      throws(() => call.call(dp), TypeError);
      throws(() => call.call(dp, 1, 1, 1), TypeError);
    }
  }),
);

test(
  "DEV-06: masks are 0 to 65535",
  scoped((s) => {
    const dp = any(newDevpoll(s));
    const [r] = s.pipe();
    for (const call of [dp.register, dp.modify]) {
      for (const mask of [-1, -1n, -(2n ** 64n)]) throws(() => call.call(dp, r, mask), ValueError);
      for (const mask of [65536, 2 ** 32, 2n ** 64n]) {
        throws(() => call.call(dp, r, mask), OverflowError);
      }
      for (const mask of ["1", 1.5, null, {}]) throws(() => call.call(dp, r, mask), TypeError);
    }
    assert.equal(dp.poll(0), []);
    dp.modify(r, 65535 & ~POLLREMOVE);
    assert.equal(dp.poll(0), []);
  }),
);

test(
  "the mask is POLLIN, POLLPRI and POLLOUT if left out",
  scoped((s) => {
    const dp = newDevpoll(s);
    const [a, b] = s.tcp();
    dp.register(a);
    assert.equal(dp.poll(0), [[a, POLLOUT]]);
    os.send(b, "n");
    settle(a, POLLIN);
    os.send(b, "!", os.MSG_OOB);
    settle(a, POLLPRI);
    assert.equal(dp.poll(0), [[a, POLLIN | POLLPRI | POLLOUT]]);
    dp.modify(a, 0);
    assert.equal(dp.poll(0), []);
    dp.modify(a);
    assert.equal(dp.poll(0), [[a, POLLIN | POLLPRI | POLLOUT]]);
  }),
);

test(
  "DEV-07: a registered descriptor need not be open",
  scoped((s) => {
    const dp = newDevpoll(s);
    const fd = closedNumber();
    dp.register(fd);
    dp.register(50_000, POLLIN);
    dp.unregister(fd);
    dp.unregister(50_000);
    assert.equal(dp.poll(0), []);
  }),
);

test(
  "DEV-10, EMU-18: registering again adds to the mask",
  scoped((s) => {
    const dp = newDevpoll(s);
    const [a, b] = s.socketpair();
    os.write(b, "x");
    dp.register(a, POLLIN);
    assert.equal(dp.poll(0), [[a, POLLIN]]);
    dp.register(a, POLLOUT);
    assert.equal(dp.poll(0), [[a, POLLIN | POLLOUT]]);
    dp.register(a, POLLRDNORM);
    assert.equal(dp.poll(0), [[a, POLLIN | POLLOUT | POLLRDNORM]]);
    dp.register(a, 0);
    assert.equal(dp.poll(0), [[a, POLLIN | POLLOUT | POLLRDNORM]]);
    dp.modify(a, POLLWRNORM);
    assert.equal(dp.poll(0), [[a, POLLWRNORM]]);
    dp.unregister(a);
    dp.register(a, POLLIN);
    assert.equal(dp.poll(0), [[a, POLLIN]]);
    dp.register(a, POLLREMOVE | POLLOUT);
    assert.equal(dp.poll(0), []);
  }),
);

test(
  "DEV-12: modifying an unregistered descriptor registers it",
  scoped((s) => {
    const dp = newDevpoll(s);
    const [r, w] = s.pipe();
    os.write(w, "x");
    dp.modify(r, POLLIN);
    assert.equal(dp.poll(0), [[r, POLLIN]]);
    dp.modify(closedNumber(), POLLIN);
  }),
);

test(
  "DEV-13: unregistering an unregistered or closed descriptor is no error",
  scoped((s) => {
    const dp = newDevpoll(s);
    const [r] = s.pipe();
    assert.is(dp.unregister(r), undefined);
    dp.unregister(closedNumber());
    dp.register(r);
    dp.unregister(r);
    dp.unregister(r);
    assert.equal(dp.poll(0), []);
  }),
);

test(
  "DEV-15: null, nothing and -1 wait for ever",
  scoped(async (s) => {
    const dp = any(newDevpoll(s));
    const [r, w] = s.pipe();
    dp.register(r, POLLIN);
    for (const given of [[], [null], [undefined], [-1], [-0.5]]) {
      const { done, passed } = await inThread(40, `os.write(data, "x")`, w);
      const result = dp.poll(...given);
      assert.equal(result, [[r, POLLIN]]);
      assertTook(passed(), 40, 2000);
      await done;
      os.read(r, 1);
    }
  }),
);

test(
  "DEV-16, DEV-17: timeouts are -1 to 2^31 - 1",
  scoped((s) => {
    const dp = any(newDevpoll(s));
    const [r, w] = s.pipe();
    os.write(w, "x");
    dp.register(r, POLLIN);
    for (const timeout of [-2, -1.5, -(2 ** 31), -(2n ** 64n), -1e300]) {
      throws(() => dp.poll(timeout), OverflowError);
    }
    for (const timeout of [2 ** 31, 2 ** 31 - 0.5, 2n ** 63n, 2n ** 64n, 1e300, Infinity]) {
      throws(() => dp.poll(timeout), OverflowError);
    }
    for (const timeout of [0, 1, 1 << 30, 2 ** 31 - 1]) {
      assert.equal(dp.poll(timeout), [[r, POLLIN]]);
    }
  }),
);

test(
  "DEV-18: a timeout is a number",
  scoped((s) => {
    const dp = any(newDevpoll(s));
    for (const timeout of ["1", [], {}]) throws(() => dp.poll(timeout), TypeError);
    throws(() => dp.poll(NaN), ValueError);
    assert.equal(dp.poll(false), []);
  }),
);

test(
  "DEV-19, DEV-27, DEV-28: timeouts are milliseconds, rounded up, also with nothing registered",
  scoped((s) => {
    const dp = newDevpoll(s);
    for (const timeout of [0, 0.1, 5, 40.5]) {
      const { result, ms } = timed(() => dp.poll(timeout));
      assert.equal(result, []);
      const least = Math.ceil(timeout);
      assertTook(ms, least, least + 500);
    }
  }),
);

test("DEV-20: a closed object does nothing any more; closing twice is no error", () => {
  const dp = devpoll();
  assert.is(dp.closed, false);
  const fd = dp.fileno();
  assert.is(dp.close(), undefined);
  assert.is(dp.closed, true);
  assert.is(dp.close(), undefined);
  for (const call of [
    () => dp.modify(0, POLLIN),
    () => dp.poll(0),
    () => dp.pollInto(new Int32Array(2), 0),
    () => dp.register(0, POLLIN),
    () => dp.unregister(0),
    () => dp.fileno(),
  ]) {
    throws(call, ValueError);
  }
  // Arguments come first.
  throws(() => any(dp).register("x"), TypeError);
  throws(() => os.get_inheritable(fd), OSError, "EBADF");
});

test("DEV-21: a program that is started does not inherit the descriptor", () => {
  const dp = devpoll();
  assert.ok(dp.fileno() > 2);
  assert.is(os.get_inheritable(dp.fileno()), false);
  assert.match(readlinkSync(`/proc/self/fd/${dp.fileno()}`), "anon_inode");
  dp.close();
});

test("a garbage-collected object closes its descriptor", async () => {
  // Collects the garbage of the tests before, too.
  await collected();
  const before = openDescriptors();
  (() => {
    for (let i = 0; i < 20; i++) devpoll().register(0);
  })();
  assert.is(openDescriptors(), before + 20);
  await collected(() => openDescriptors() <= before);
  assert.is(openDescriptors(), before);
});

test.run();
