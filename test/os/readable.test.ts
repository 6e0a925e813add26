// FIONREAD (DATA_READABLE of fd_data) by kind of descriptor. Values: fcntl.ioctl(fd, termios.FIONREAD) of Linux 6.18;
// vn_ioctl of FreeBSD 14.

import { join } from "node:path";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  DATA_ERROR,
  DATA_FD,
  DATA_READABLE,
  DATA_VALUE,
  DATA_WHAT,
  DATA_WITH_STATE,
  EBADF,
  EINVAL,
  ENOSYS,
} from "../../asm/abi.ts";
import * as os from "../../bindings/node/os.ts";
import { host } from "../../bindings/node/select.ts";
import { scoped } from "../support/descriptors.ts";
import { ftruncateSync, newFolder, openSync, readSync, writeSync } from "../support/files.ts";
import { answered } from "../support/world.ts";

const ENOTTY = 25;
const memory = new WebAssembly.Memory({ initial: 1 });
const view = new DataView(memory.buffer);

/** The value of FIONREAD, or its negative errno as { error }. */
function readable(fd: number, flags = 0): number | { readonly error: number } {
  view.setInt32(DATA_FD, fd, true);
  view.setUint32(DATA_WHAT, DATA_READABLE | flags, true);
  assert.is(host.fd_data(memory, 0, 1), 0);
  const error = view.getInt32(DATA_ERROR, true);
  return error === 0 ? Number(view.getBigInt64(DATA_VALUE, true)) : { error };
}

test(
  "FIONREAD of a regular file is its size less the offset, below 0 beyond the end",
  scoped((s) => {
    const path = join(newFolder(), "file");
    const fd = s.own(openSync(path, "w+"));
    assert.is(readable(fd), 0);
    writeSync(fd, "0123456789", 0);
    assert.is(readable(fd), 10);
    readSync(fd, Buffer.alloc(8), 0, 8, null);
    assert.is(readable(fd), 2);
    assert.is(readable(s.own(openSync(path, "a"))), 10, "of a file that cannot be read, too");
    ftruncateSync(fd, 3);
    assert.is(readable(fd), -5);
    assert.is(readable(fd, DATA_WITH_STATE), -5);
  }),
);

test(
  "FIONREAD of a regular file is an int: the low 32 bits of a large number",
  scoped((s) => {
    const fd = s.own(openSync(join(newFolder(), "file"), "w+"));
    ftruncateSync(fd, 2 ** 32 + 7);
    assert.is(readable(fd), 7);
    ftruncateSync(fd, 2 ** 31);
    assert.is(readable(fd), -(2 ** 31));
  }),
);

test(
  "FIONREAD of a directory is ENOTTY; FreeBSD answers as for a file",
  scoped((s) => {
    const found = readable(s.own(openSync("/", "r")));
    assert.equal(found, answered<unknown>({ error: -ENOTTY }, 4096));
  }),
);

test(
  "FIONREAD of devices, counters and closed numbers is an error",
  scoped((s) => {
    for (const name of ["null", "zero", "full"]) {
      assert.equal(readable(s.own(openSync(`/dev/${name}`, "r"))), { error: -ENOTTY }, name);
    }
    const random = readable(s.own(openSync("/dev/urandom", "r")));
    assert.equal(random, { error: answered(-EINVAL, -ENOTTY) });
    assert.equal(readable(s.own(os.eventfd(3))), { error: -ENOTTY });
    assert.equal(readable(4000), { error: -EBADF });
    const epoll = host.epoll_create1(0);
    if (epoll === -ENOSYS) return;
    assert.equal(readable(s.own(epoll)), { error: -EINVAL });
  }),
);

test(
  "FIONREAD of pipes and sockets is the bytes that wait",
  scoped((s) => {
    const [r, w] = s.pipe();
    const [a, b] = s.socketpair();
    assert.equal([readable(r), readable(a)], [0, 0]);
    os.write(w, "abc");
    os.send(b, "de");
    assert.equal([readable(r), readable(a)], [3, 2]);
  }),
);

test.run();
