// epoll objects: making, closing, the arguments of every call. EPO-001 to 031; poll()'s own are in
// poll.test.ts.

import { readFileSync } from "node:fs";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  Epoll,
  epoll,
  EPOLL_CLOEXEC,
  EPOLLIN as IN,
  EPOLLOUT as OUT,
  EPOLLPRI as PRI,
  OSError,
  OverflowError,
  ValueError,
} from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { scoped } from "../support/descriptors.ts";
import { ownCore } from "../support/hosts.ts";
import { throws } from "../support/expect.ts";
import { existsSync } from "../support/files.ts";
import { collected } from "../support/garbage.ts";
import { NO_NUMBERS } from "./support.ts";

// Making and closing

test("EPO-001: an epoll can be made with or without arguments", () => {
  for (const make of [
    () => epoll(),
    () => epoll(16),
    () => epoll({ sizehint: 2, flags: 0 }),
    () => epoll(2, 0),
  ]) {
    const e = make();
    assert.ok(e.fileno() > 2);
    assert.is(e.closed, false);
    e.close();
  }
});

test("EPO-002: a sizehint of 0 or below -1 is a ValueError", () => {
  epoll(-1).close();
  for (const sizehint of [0, -2, -(2 ** 31)]) throws(() => epoll(sizehint), ValueError);
});

test("EPO-003: a sizehint that is no integer is a TypeError", () => {
  for (const sizehint of [1.5, null, ...NO_NUMBERS]) throws(() => epoll(sizehint), TypeError);
  throws(() => epoll(2 ** 31), OverflowError);
});

test("EPO-005: flags are 0 or EPOLL_CLOEXEC, others are an OSError without errno", () => {
  epoll(-1, 0).close();
  epoll(-1, EPOLL_CLOEXEC).close();
  for (const flags of [1, -1, EPOLL_CLOEXEC | 1]) {
    assert.is((throws(() => epoll(-1, flags), OSError) as OSError).errno, undefined);
  }
});

test("EPO-006: a third argument and an unknown keyword are TypeErrors", () => {
  const call = epoll as (...given: unknown[]) => Epoll;
  throws(() => call(1, 0, 3), TypeError);
  assert.match(throws(() => call({ bogus: 1 }), TypeError).message, "bogus");
});

test("EPO-007: epolls are of one class, which cannot be extended", () => {
  const e = epoll();
  assert.instance(e, Epoll);
  assert.ok(e instanceof (epoll as unknown as typeof Epoll));
  assert.is(e.constructor, Epoll);
  e.close();
  const Sub = class extends (Epoll as unknown as new () => object) {};
  throws(() => new Sub(), TypeError);
});

test("EPO-008: the descriptor is close-on-exec whatever the flags", () => {
  for (const flags of [0, EPOLL_CLOEXEC]) {
    const e = epoll(-1, flags);
    const info = readFileSync(`/proc/self/fdinfo/${e.fileno()}`, "utf8");
    const octal = /flags:\s*(\d+)/.exec(info)?.[1] as string;
    assert.is(Number.parseInt(octal, 8) & EPOLL_CLOEXEC, EPOLL_CLOEXEC);
    e.close();
  }
});

test(
  "EPO-009: fromfd makes a second object for the same interest list",
  scoped((s) => {
    const [r, w] = s.pipe();
    const e = s.epoll([r, IN]);
    const same = epoll.fromfd(e.fileno());
    assert.is(same.fileno(), e.fileno());
    os.write(w, "x");
    assert.equal(same.poll(0), [[r, IN]]);
    same.unregister(r);
    assert.equal(e.poll(0), []);
  }),
);

test(
  "EPO-010: fromfd does not check the kind of the descriptor, later calls do",
  scoped((s) => {
    const [r, w] = s.pipe();
    const pipe = epoll.fromfd(r);
    throws(() => pipe.poll(0), OSError, "EINVAL");
    throws(() => pipe.register(w), OSError, "EINVAL");
    const closed = epoll.fromfd(900);
    assert.is(closed.closed, false);
    throws(() => closed.poll(0), OSError, "EBADF");
  }),
);

test("EPO-011: fromfd(-1) makes a new epoll, -2 is an OSError", () => {
  const e = epoll.fromfd(-1);
  assert.ok(e.fileno() > 2);
  assert.equal(e.poll(0), []);
  e.close();
});

test("EPO-013: fromfd takes one integer", () => {
  const fromfd = epoll.fromfd as (...given: unknown[]) => Epoll;
  for (const fd of [1.5, null, undefined, ...NO_NUMBERS]) throws(() => fromfd(fd), TypeError);
  throws(() => fromfd(), TypeError);
  throws(() => fromfd(3, 4), TypeError);
});

test("EPO-015: closing twice is closing once", () => {
  const e = epoll();
  assert.is(e.close(), undefined);
  assert.is(e.close(), undefined);
  assert.is(e.closed, true);
});

test("EPO-016: a descriptor closed elsewhere does not disturb close()", () => {
  const e = epoll();
  os.close(e.fileno());
  assert.is(e.close(), undefined);
  assert.is(e.closed, true);
});

test("EPO-017: a closed epoll refuses every call with ValueError", () => {
  const e = epoll();
  e.close();
  for (const call of [
    () => e.fileno(),
    () => e.register(0),
    () => e.modify(0, IN),
    () => e.unregister(0),
    () => e.poll(0),
    () => e.pollInto(new Int32Array(2), 0),
  ]) {
    assert.match(throws(call, ValueError).message, "closed epoll");
  }
});

test("EPO-018: descriptors and integers are checked before the object, timeouts after", () => {
  const e = epoll();
  e.close();
  const wrong = "q" as unknown as number;
  throws(() => e.register(wrong), TypeError);
  throws(() => e.modify(wrong, IN), TypeError);
  throws(() => e.unregister(wrong), TypeError);
  throws(() => e.register(0, wrong), TypeError);
  throws(() => e.poll(wrong), ValueError);
  throws(() => e.poll(0, wrong), TypeError);
});

test("EPO-019: closed cannot be assigned to", () => {
  const e = epoll();
  throws(() => {
    (e as { closed: boolean }).closed = true;
  }, TypeError);
  assert.is(e.closed, false);
  e.close();
});

test("EPO-020: disposing closes an epoll, and does nothing to a closed one", () => {
  let kept: Epoll | undefined;
  {
    using e = epoll();
    kept = e;
    assert.is(e.closed, false);
  }
  assert.is(kept.closed, true);
  assert.is(kept[Symbol.dispose](), undefined);
});

test("EPO-022: the kernel takes no other flags than CLOEXEC", () => {
  const { calls } = ownCore();
  for (const flags of [1, 0x800, 0x80001]) assert.is(calls.epollCreate(flags), -22);
  for (const flags of [0, EPOLL_CLOEXEC]) assert.is(calls.epollClose(calls.epollCreate(flags)), 0);
});

test(
  "EPO-024: an epoll can be neither read nor written",
  scoped((s) => {
    const e = s.epoll();
    throws(() => os.read(e.fileno(), 1), OSError, "EINVAL");
    throws(() => os.write(e.fileno(), "x"), OSError, "EINVAL");
  }),
);

// Objects that the program does not close

test("an epoll that is garbage is closed, unless it came from fromfd", async () => {
  const made = (() => epoll().fileno())();
  const kept = epoll();
  (() => epoll.fromfd(kept.fileno()).fileno())();
  await collected(() => !existsSync(`/proc/self/fd/${made}`));
  assert.is(existsSync(`/proc/self/fd/${made}`), false);
  await collected();
  assert.equal(kept.poll(0), []);
  kept.close();
});

// register, modify, unregister: arguments

test(
  "EPO-025: the default mask is IN, PRI and OUT",
  scoped((s) => {
    const [a, b] = s.tcp();
    const e = s.epoll();
    e.register(a);
    os.send(b, "!", os.MSG_OOB);
    assert.equal(e.poll(1), [[a, OUT | PRI]]);
    os.send(b, "x");
    assert.equal(e.poll(1), [[a, IN | OUT | PRI]]);
  }),
);

test(
  "EPO-026: arguments can be given by name",
  scoped((s) => {
    const [r, w] = s.pipe();
    const e = s.epoll();
    e.register({ fd: w, eventmask: OUT });
    e.register(r, { eventmask: IN });
    os.write(w, "x");
    assert.equal(e.poll({ timeout: 0, maxevents: 1 }).length, 1);
    assert.equal(e.poll({ maxevents: 2, timeout: 0 }).length, 2);
    e.modify({ fd: w, eventmask: 0 });
    e.modify(r, { eventmask: 0 });
    assert.equal(e.poll(0), []);
  }),
);

test(
  "EPO-027: missing arguments are TypeErrors",
  scoped((s) => {
    const [r] = s.pipe();
    const e = s.epoll([r, IN]) as unknown as Record<string, (...given: unknown[]) => unknown>;
    throws(() => e["modify"]?.(r), TypeError);
    throws(() => e["modify"]?.(), TypeError);
    throws(() => e["unregister"]?.(), TypeError);
    throws(() => e["register"]?.(), TypeError);
    throws(() => e["register"]?.(r, IN, 3), TypeError);
    throws(() => e["modify"]?.({ eventmask: 1 }), TypeError);
  }),
);

test(
  "EPO-028: of a mask the low 32 bits count",
  scoped((s) => {
    const [r, w] = s.pipe();
    os.write(w, "x");
    const e = s.epoll([r, 2 ** 32]);
    assert.equal(e.poll(0), []);
    for (const mask of [0x100000001, 2n ** 64n + 1n]) {
      e.modify(r, mask as number);
      assert.equal(e.poll(0), [[r, IN]]);
    }
    e.modify(r, (2n ** 64n) as unknown as number);
    assert.equal(e.poll(0), []);
  }),
);

test(
  "EPO-029: all bits at once are EINVAL: they include EXCLUSIVE and bits that it forbids",
  scoped((s) => {
    const [r] = s.pipe();
    const e = s.epoll();
    throws(() => e.register(r, -1), OSError, "EINVAL");
    throws(() => e.register(r, 0xffffffff), OSError, "EINVAL");
  }),
);

test("EPO-031: a value that is no descriptor is refused by its kind", () => {
  using e = epoll();
  for (const register of [
    (fd: any) => e.register(fd, IN),
    (fd: any) => e.modify(fd, IN),
    (fd: any) => e.unregister(fd),
  ]) {
    for (const fd of [null, undefined, 1.5, {}, { fileno: () => "x" }, ...NO_NUMBERS]) {
      throws(() => register(fd), TypeError);
    }
    for (const fd of [-1, -2, { fileno: () => -1 }]) throws(() => register(fd), ValueError);
    for (const fd of [2 ** 31, { fileno: () => 2 ** 40 }])
      throws(() => register(fd), OverflowError);
    const raised = new Error("from fileno");
    const file = {
      fileno(): number {
        throw raised;
      },
    };
    assert.is(
      throws(() => register(file), Error),
      raised,
    );
  }
});

test.run();
