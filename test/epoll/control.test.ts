// register, modify and unregister against the kernel's rules. EPO-032 to 051, 140, 162 to 169.

import { join } from "node:path";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  epoll,
  EPOLLET as ET,
  EPOLLEXCLUSIVE as EXCLUSIVE,
  EPOLLIN as IN,
  EPOLLOUT as OUT,
  EPOLLPRI as PRI,
  EPOLLWAKEUP as WAKEUP,
  FileExistsError,
  FileNotFoundError,
  OSError,
  PermissionError,
} from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { EPOLL_CTL_ADD as ADD, EPOLL_CTL_DEL as DEL, EPOLL_CTL_MOD as MOD } from "../../asm/abi.ts";
import { scoped } from "../support/descriptors.ts";
import { ownCore } from "../support/hosts.ts";
import { throws } from "../support/expect.ts";
import { SOME_FILE } from "../support/world.ts";
import { constants, writeFileSync } from "../support/files.ts";

const [EPERM, ENOENT, EBADF, EEXIST, EINVAL, ELOOP] = [-1, -2, -9, -17, -22, -40];
/** O_PATH, which node:fs has no name for. */
const O_PATH = 0x200000;

type Three = [number, number, number];

test("EPO-032: a descriptor that is not open is EBADF", () => {
  using e = epoll();
  for (const fd of [900, 2 ** 31 - 1]) throws(() => e.register(fd, IN), OSError, "EBADF");
});

test(
  "EPO-033: registering twice is EEXIST and keeps the old mask",
  scoped((s) => {
    const [r, w] = s.pipe();
    const e = s.epoll([r, IN]);
    const error = throws(() => e.register(r, OUT), FileExistsError, "EEXIST") as OSError;
    assert.is(error.errno, 17);
    assert.is(error.syscall, "epoll_ctl");
    os.write(w, "x");
    assert.equal(e.poll(0), [[r, IN]]);
  }),
);

test(
  "EPO-034: an unregistered descriptor cannot be modified or unregistered: ENOENT",
  scoped((s) => {
    const [r] = s.pipe();
    const e = s.epoll();
    throws(() => e.modify(r, IN), FileNotFoundError, "ENOENT");
    throws(() => e.unregister(r), FileNotFoundError, "ENOENT");
  }),
);

test(
  "EPO-035: a registered descriptor that was closed is EBADF",
  scoped((s) => {
    const [r] = s.pipe();
    const e = s.epoll([r, IN]);
    s.close(r);
    throws(() => e.modify(r, IN), OSError, "EBADF");
    throws(() => e.unregister(r), OSError, "EBADF");
  }),
);

test(
  "EPO-036: a number that was reused is not registered, and can be",
  scoped((s) => {
    const [r] = s.pipe();
    const e = s.epoll([r, IN]);
    s.close(r);
    const [again, w] = s.pipe();
    assert.is(again, r);
    throws(() => e.unregister(again), FileNotFoundError, "ENOENT");
    throws(() => e.modify(again, IN), FileNotFoundError, "ENOENT");
    e.register(again, IN);
    os.write(w, "x");
    assert.equal(e.poll(0), [[again, IN]]);
  }),
);

test(
  "EPO-037: an epoll cannot watch itself: EINVAL",
  scoped((s) => {
    const e = s.epoll();
    throws(() => e.register(e, IN), OSError, "EINVAL");
    throws(() => e.modify(e, IN), OSError, "EINVAL");
    throws(() => e.unregister(e), OSError, "EINVAL");
  }),
);

test(
  "EPO-038: files that are always ready are EPERM for every operation",
  scoped((s) => {
    const folder = s.folder();
    writeFileSync(join(folder, "file"), "x");
    const e = s.epoll();
    const paths = [join(folder, "file"), folder, "/dev/null", "/dev/zero", "/dev/urandom"];
    for (const path of paths) {
      const fd = s.open(path);
      throws(() => e.register(fd, IN), PermissionError, "EPERM");
      throws(() => e.modify(fd, IN), PermissionError, "EPERM");
      throws(() => e.unregister(fd), PermissionError, "EPERM");
    }
  }),
);

test(
  "EPO-039: special files that can be waited on are accepted",
  scoped((s) => {
    const e = s.epoll();
    for (const path of ["/dev/random", "/proc/mounts"]) e.register(s.open(path), 0);
    assert.equal(e.poll(0), []);
  }),
);

test(
  "EPO-040: an O_PATH descriptor is EBADF",
  scoped((s) => {
    const fd = s.open("/dev/null", constants.O_RDONLY | O_PATH);
    throws(() => s.epoll().register(fd, IN), OSError, "EBADF");
  }),
);

test(
  "EPO-041: a descriptor that is no epoll is EINVAL, EPERM if the target is not pollable",
  scoped((s) => {
    const [r, w] = s.pipe();
    const wrong = epoll.fromfd(r);
    throws(() => wrong.register(w, OUT), OSError, "EINVAL");
    throws(() => wrong.modify(w, OUT), OSError, "EINVAL");
    throws(() => wrong.unregister(w), OSError, "EINVAL");
    const file = s.open(SOME_FILE);
    throws(() => wrong.register(file, IN), PermissionError, "EPERM");
  }),
);

test(
  "EPO-042: an epoll whose descriptor is closed is EBADF, whatever the target",
  scoped((s) => {
    const [r] = s.pipe();
    const gone = epoll.fromfd(900);
    const file = s.open("/dev/null");
    for (const fd of [r, 901, file]) {
      throws(() => gone.register(fd, IN), OSError, "EBADF");
      throws(() => gone.modify(fd, IN), OSError, "EBADF");
      throws(() => gone.unregister(fd), OSError, "EBADF");
    }
  }),
);

test(
  "EPO-043: an unknown operation is EINVAL, after the checks of the descriptors",
  scoped((s) => {
    const { calls } = ownCore();
    const [r] = s.pipe();
    const file = s.open(SOME_FILE);
    const e = calls.epollCreate(0);
    assert.is(calls.epollControl(e, ADD, r, IN), 0);
    for (const op of [0, 4, -1, 99]) {
      assert.is(calls.epollControl(e, op, r, IN), EINVAL);
      assert.is(calls.epollControl(e, op, 900, IN), EBADF);
      assert.is(calls.epollControl(e, op, file, IN), EPERM);
    }
    calls.epollClose(e);
  }),
);

test(
  "EPO-045: of several faults the first in the kernel's order is reported",
  scoped((s) => {
    const { calls } = ownCore();
    const [r] = s.pipe();
    const file = s.open(SOME_FILE);
    const [e, inner] = [calls.epollCreate(0), calls.epollCreate(0)];
    const [outside, inside] = [calls.epollFileno(e), calls.epollFileno(inner)];
    assert.is(calls.epollControl(e, ADD, r, IN), 0);
    assert.is(calls.epollControl(inner, ADD, outside, IN), 0);
    const [none, wrong, pipe] = [900, file, r].map((fd) => calls.epollAdopt(fd)) as Three;
    assert.is(calls.epollControl(none, ADD, 901, IN), EBADF);
    assert.is(calls.epollControl(wrong, ADD, 901, IN), EBADF);
    assert.is(calls.epollControl(wrong, ADD, file, IN), EPERM);
    assert.is(calls.epollControl(pipe, ADD, file, IN), EPERM);
    assert.is(calls.epollControl(pipe, ADD, r, IN), EINVAL);
    assert.is(calls.epollControl(e, ADD, outside, EXCLUSIVE | IN), EINVAL);
    assert.is(calls.epollControl(e, ADD, r, EXCLUSIVE | PRI), EINVAL);
    assert.is(calls.epollControl(e, ADD, inside, EXCLUSIVE | IN), EINVAL);
    assert.is(calls.epollControl(e, ADD, inside, IN), ELOOP);
    assert.is(calls.epollControl(e, ADD, r, IN), EEXIST);
    assert.is(calls.epollControl(inner, MOD, r, IN), ENOENT);
    assert.is(calls.epollControl(inner, DEL, r, IN), ENOENT);
    assert.is(calls.epollControl(inner, 99, r, IN), EINVAL);
    for (const handle of [inner, e]) calls.epollClose(handle);
  }),
);

test(
  "EPO-047: a mask of 0 reports no readable data, and can be replaced",
  scoped((s) => {
    const [r, w] = s.pipe();
    os.write(w, "x");
    const e = s.epoll([r, IN]);
    e.modify(r, 0);
    assert.equal(e.poll(0), []);
    e.modify(r, IN);
    assert.equal(e.poll(0), [[r, IN]]);
  }),
);

test(
  "EPO-048: unregistering drops an event that is waiting",
  scoped((s) => {
    const [r, w] = s.pipe();
    const e = s.epoll([r, IN]);
    os.write(w, "x");
    e.unregister(r);
    assert.equal(e.poll(0), []);
  }),
);

test(
  "EPO-049: registering anew reports waiting data anew, also edge triggered",
  scoped((s) => {
    const [r, w] = s.pipe();
    const e = s.epoll([r, IN | ET]);
    os.write(w, "x");
    assert.equal(e.poll(0), [[r, IN]]);
    assert.equal(e.poll(0), []);
    e.unregister(r);
    e.register(r, IN | ET);
    assert.equal(e.poll(0), [[r, IN]]);
    assert.equal(e.poll(0), []);
  }),
);

test(
  "EPO-051: EPOLLWAKEUP is accepted and has no effect on the result",
  scoped((s) => {
    const [r, w] = s.pipe();
    os.write(w, "x");
    assert.equal(s.epoll([r, IN | WAKEUP]).poll(0), [[r, IN]]);
  }),
);

// Closing, duplicates, numbers

test(
  "EPO-162: closing the last descriptor of a ready file removes it without an event",
  scoped((s) => {
    const [r, w] = s.pipe();
    const e = s.epoll([r, IN]);
    os.write(w, "x");
    s.close(r);
    assert.equal(e.poll(0), []);
  }),
);

test(
  "EPO-163: with a duplicate open the closed number goes on being reported",
  scoped((s) => {
    const [r, w] = s.pipe();
    const copy = s.dup(r);
    const e = s.epoll([r, IN]);
    os.write(w, "x");
    s.close(r);
    assert.equal(e.poll(0), [[r, IN]]);
    assert.equal(e.poll(0), [[r, IN]]);
    throws(() => e.unregister(r), OSError, "EBADF");
    throws(() => e.unregister(copy), FileNotFoundError, "ENOENT");
    s.close(copy);
    assert.equal(e.poll(0), []);
  }),
);

test(
  "EPO-165: a duplicate is another registration",
  scoped((s) => {
    const [r, w] = s.pipe();
    const copy = s.dup(r);
    const e = s.epoll([r, IN], [copy, IN]);
    os.write(w, "x");
    assert.equal(
      e.poll(0).sort(([a], [b]) => a - b),
      [
        [r, IN],
        [copy, IN],
      ],
    );
  }),
);

test(
  "EPO-166: once the number names the file again it can be unregistered again",
  scoped((s) => {
    const [r, w] = s.pipe();
    const copy = s.dup(r);
    const e = s.epoll([r, IN]);
    os.write(w, "x");
    s.close(r);
    throws(() => e.unregister(r), OSError, "EBADF");
    assert.is(s.dup(copy), r);
    e.unregister(r);
    assert.equal(e.poll(0), []);
  }),
);

test(
  "EPO-168: of two registered duplicates both report until the file is gone",
  scoped((s) => {
    const [r, w] = s.pipe();
    const copy = s.dup(r);
    const e = s.epoll([r, IN], [copy, IN]);
    os.write(w, "x");
    s.close(copy);
    assert.is(e.poll(0).length, 2);
    s.close(r);
    assert.equal(e.poll(0), []);
  }),
);

test(
  "EPO-169: a duplicate of the epoll shares its list and survives it",
  scoped((s) => {
    const [r, w] = s.pipe();
    const e = epoll();
    const copy = epoll.fromfd(os.dup(e.fileno()));
    e.register(r, IN);
    os.write(w, "x");
    assert.equal(copy.poll(0), [[r, IN]]);
    throws(() => copy.register(r, IN), FileExistsError, "EEXIST");
    e.close();
    assert.equal(copy.poll(0), [[r, IN]]);
    const fd = copy.fileno();
    copy.close();
    throws(() => os.dup(fd), OSError, "EBADF");
  }),
);

test.run();
