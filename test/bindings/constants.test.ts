// The constants: names, values, and that they are plain integers.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import * as abi from "../../asm/abi.ts";
import * as select from "../../bindings/node/select.ts";

/** Every constant of the module, by name. */
const constants = Object.fromEntries(
  Object.entries(select).filter(
    ([name]) => /^(POLL|EPOLL|KQ_|PIPE_BUF)/.test(name) && name === name.toUpperCase(),
  ),
) as Record<string, number>;

test("CON-01: every name of Python's module on Linux exists", () => {
  const names = `EPOLLERR EPOLLET EPOLLEXCLUSIVE EPOLLHUP EPOLLIN EPOLLMSG EPOLLONESHOT EPOLLOUT
    EPOLLPRI EPOLLRDBAND EPOLLRDHUP EPOLLRDNORM EPOLLWRBAND EPOLLWRNORM EPOLL_CLOEXEC PIPE_BUF
    POLLERR POLLHUP POLLIN POLLMSG POLLNVAL POLLOUT POLLPRI POLLRDBAND POLLRDHUP POLLRDNORM
    POLLWRBAND POLLWRNORM epoll error poll select`.split(/\s+/);
  assert.equal(
    names.filter((name) => !(name in select)),
    [],
  );
});

test("CON-02: EPOLLWAKEUP", () => {
  assert.is(select.EPOLLWAKEUP, 0x20000000);
});

test("CON-03: there is no EPOLLNVAL", () => {
  assert.not.ok("EPOLLNVAL" in select);
});

test("CON-04: EPOLLET is positive", () => {
  assert.is(select.EPOLLET, 2147483648);
});

test("CON-05: EPOLL* equal POLL* in the bits they share", () => {
  const shared = {
    IN: 1,
    PRI: 2,
    OUT: 4,
    ERR: 8,
    HUP: 16,
    RDNORM: 64,
    RDBAND: 128,
    WRNORM: 256,
    WRBAND: 512,
    MSG: 1024,
    RDHUP: 8192,
  };
  for (const [name, value] of Object.entries(shared)) {
    assert.is(constants[`POLL${name}`], value, name);
    assert.is(constants[`EPOLL${name}`], value, name);
  }
  assert.is(select.POLLNVAL, 32);
  assert.is(select.EPOLLEXCLUSIVE, 0x10000000);
  assert.is(select.EPOLLONESHOT, 0x40000000);
  assert.is(select.EPOLL_CLOEXEC, 0x80000);
});

test("CON-06: PIPE_BUF is 4096", () => {
  assert.is(select.PIPE_BUF, 4096);
});

test("CON-07, CON-08, CON-09: POLL* have Linux's values everywhere", () => {
  assert.is(select.POLLWRNORM, 0x100);
  assert.is(select.POLLWRBAND, 0x200);
  assert.is(select.POLLRDHUP, 0x2000);
  assert.is(select.POLLMSG, 0x400);
});

test("CON-10: KQ_FILTER_* are FreeBSD's negative numbers", () => {
  const filters = ["READ", "WRITE", "AIO", "VNODE", "PROC", "SIGNAL", "TIMER"];
  assert.equal(
    filters.map((name) => constants[`KQ_FILTER_${name}`]),
    [-1, -2, -3, -4, -5, -6, -7],
  );
});

test("CON-11: KQ_NOTE_EXIT is positive", () => {
  assert.is(select.KQ_NOTE_EXIT, 2147483648);
  assert.is(select.KQ_NOTE_FORK, 1073741824);
  assert.is(select.KQ_NOTE_EXEC, 536870912);
});

test("CON-12: KQ_NOTE_PCTRLMASK is FreeBSD's", () => {
  assert.is(select.KQ_NOTE_PCTRLMASK, 0xf0000000);
  assert.is(select.KQ_NOTE_PDATAMASK, 0x000fffff);
});

test("CON-13: notes of different filters share values, and SYSFLAGS covers the others", () => {
  assert.is(select.KQ_NOTE_LOWAT, 1);
  assert.is(select.KQ_NOTE_DELETE, 1);
  assert.is(select.KQ_NOTE_TRACK, 1);
  assert.is(select.KQ_EV_SYSFLAGS, 0xf000);
  assert.is(select.KQ_EV_EOF | select.KQ_EV_ERROR | select.KQ_EV_FLAG1, 0xe000);
});

test("CON-14: the names of NETDEV", () => {
  const { KQ_FILTER_NETDEV, KQ_NOTE_LINKUP, KQ_NOTE_LINKDOWN, KQ_NOTE_LINKINV } = select;
  assert.equal(
    [KQ_FILTER_NETDEV, KQ_NOTE_LINKUP, KQ_NOTE_LINKDOWN, KQ_NOTE_LINKINV],
    [-8, 1, 2, 4],
  );
});

test("CON-15: constants that CPython does not expose have FreeBSD's and Linux's values", () => {
  const { KQ_FILTER_USER, KQ_EV_RECEIPT, KQ_EV_DISPATCH, KQ_NOTE_TRIGGER, POLLREMOVE } = select;
  assert.equal([KQ_FILTER_USER, KQ_EV_RECEIPT, KQ_EV_DISPATCH], [-11, 0x40, 0x80]);
  assert.equal([KQ_NOTE_TRIGGER, POLLREMOVE], [0x01000000, 0x1000]);
  assert.equal(
    ["SECONDS", "MSECONDS", "USECONDS", "NSECONDS", "ABSTIME"].map(
      (n) => constants[`KQ_NOTE_${n}`],
    ),
    [1, 2, 4, 8, 16],
  );
  assert.equal(
    ["NOP", "AND", "OR", "COPY"].map((name) => constants[`KQ_NOTE_FF${name}`]),
    [0, 0x40000000, 0x80000000, 0xc0000000],
  );
  assert.is(select.KQ_NOTE_FFCTRLMASK, 0xc0000000);
  assert.is(select.KQ_NOTE_FFLAGSMASK, 0x00ffffff);
});

test("the other flags and notes of kqueue", () => {
  const { KQ_EV_ADD, KQ_EV_DELETE, KQ_EV_ENABLE, KQ_EV_DISABLE, KQ_EV_ONESHOT } = select;
  assert.equal([KQ_EV_ADD, KQ_EV_DELETE, KQ_EV_ENABLE, KQ_EV_DISABLE], [1, 2, 4, 8]);
  assert.equal([KQ_EV_ONESHOT, select.KQ_EV_CLEAR], [16, 32]);
  assert.equal(
    ["WRITE", "EXTEND", "ATTRIB", "LINK", "RENAME", "REVOKE"].map((n) => constants[`KQ_NOTE_${n}`]),
    [2, 4, 8, 16, 32, 64],
  );
  assert.equal([select.KQ_NOTE_TRACKERR, select.KQ_NOTE_CHILD], [2, 4]);
});

test("CON-18: every constant is a plain integer of at most 32 bits, and cannot be assigned", () => {
  assert.ok(Object.keys(constants).length >= 80);
  for (const [name, value] of Object.entries(constants)) {
    assert.ok(Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 32, name);
  }
  assert.throws(() => ((select as { POLLIN: number }).POLLIN = 2), TypeError);
});

test("the event bits are those of the core", () => {
  for (const [name, value] of Object.entries(abi)) {
    if (!name.startsWith("EVENT_")) continue;
    assert.is(
      constants[name.replace("EVENT_", "EPOLL")] ?? constants[name.replace("EVENT_", "POLL")],
      value,
      name,
    );
  }
});

test.run();
