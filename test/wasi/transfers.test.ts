// createGuest: what a guest reads, writes, sends and receives, without a guest's program.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import * as select from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { RESCAN_MS } from "../../asm/abi.ts";
import { makeGuest } from "../../wasi/guest/guest.ts";
import { transferCalls } from "../../wasi/guest/transfers.ts";
import type { Wait } from "../../wasi/wait.ts";
import { TYPE_READ } from "../../wasi/preview1.ts";
import { fill, scoped } from "../support/descriptors.ts";
import { inThread } from "../support/expect.ts";
import { DATA, made, OUT, VECTORS, withGuest } from "./plain-guest.ts";

const [AGAIN, BADF, CANCELED, FAULT, INVAL] = [6, 8, 11, 21, 28];
const [MSGSIZE, NOTSOCK, NOTSUP, PIPE] = [35, 57, 58, 64];
const NONBLOCK = 4;

test(
  "a read fills the buffers in turn, with what there is",
  withGuest((make, s) => {
    const [r, w] = s.pipe();
    const { read } = make({ stdin: r });
    os.write(w, "0123456789");
    assert.is(read(0, 2, 0, 3), "01234");
    assert.is(read(0, 100), "56789");
    s.close(w);
    assert.is(read(0, 5), "");
  }),
);

test(
  "a write takes all buffers, and a pipe without reader is PIPE",
  withGuest((make) => {
    const [r, w] = os.pipe();
    const { write } = make({ fds: [[7, { fd: w, owned: true }]] });
    assert.equal(write(7, "ab", "", "cde"), [5]);
    assert.is(String(os.read(r, 10)), "abcde");
    os.close(r);
    assert.is(write(7, "x"), PIPE);
  }),
);

test(
  "the end of a pipe for the other direction is BADF, and is not waited for",
  scoped((s) => {
    const [r, w] = s.pipe();
    const { read, write } = made({ stdin: w, stdout: r });
    assert.is(read(0, 1), BADF);
    assert.is(write(1, "x"), BADF);
  }),
);

test(
  "the guest says whether it waits, whatever the mode of the host's descriptor",
  withGuest((make, s) => {
    const [r, w] = s.pipe();
    os.set_blocking(r, true);
    const { call, read, stat, write } = make({ stdin: r, stdout: w });
    assert.equal(stat(0), [0, 0]);
    assert.is(call("fd_fdstat_set_flags", 0, NONBLOCK), 0);
    assert.equal(stat(0), [0, NONBLOCK]);
    assert.is(os.get_blocking(r), true);
    assert.is(read(0, 1), AGAIN);
    fill(w);
    assert.is(call("fd_fdstat_set_flags", 1, NONBLOCK), 0);
    assert.is(write(1, "x"), AGAIN);
    assert.is(call("fd_fdstat_set_flags", 0, 1), NOTSUP);
    assert.is(call("fd_fdstat_set_flags", 0, 0x20), INVAL);
  }),
);

test(
  "a read of a descriptor that blocks waits for bytes, on one of the host that does not",
  scoped(async (s) => {
    const [r, w] = s.pipe();
    os.set_blocking(r, false);
    const guest = made({ stdin: r });
    try {
      const { done } = await inThread(20, `os.write(data, "late")`, w);
      assert.is(guest.read(0, 10), "late");
      await done;
    } finally {
      guest.dispose();
    }
  }),
);

test(
  "sockets: types, peeking, all of it, the end of one half",
  withGuest((make, s) => {
    const [a, b] = s.socketpair();
    const [r] = s.pipe();
    const { call, recv, write, stat, read } = make({
      fds: [
        [4, a],
        [5, b],
        [6, r],
      ],
    });
    assert.equal(stat(4), [6, 0]);
    assert.equal(write(4, "hello"), [5]);
    assert.equal(recv(5, 1, 3), ["hel", 0]);
    assert.equal(recv(5, 2, 2, 3), ["hello", 0]);
    assert.is(recv(5, 3, 1), NOTSUP);
    assert.is(recv(5, 4, 1), INVAL);
    assert.is(recv(6, 0, 1), NOTSOCK);
    assert.is(call("sock_shutdown", 4, 0), INVAL);
    assert.is(call("sock_shutdown", 6, 1), NOTSOCK);
    assert.is(call("sock_shutdown", 4, 2), 0);
    assert.is(read(5, 1), "");
    assert.is(write(4, "x"), PIPE);
  }),
);

test(
  "a datagram of more than a mebibyte is too long, whatever memory the guest has",
  withGuest((make, s) => {
    const [a, b] = s.socketpair(os.SOCK_DGRAM);
    const { call, memory } = make({ fds: [[4, a]] });
    memory.grow(16);
    const view = new DataView(memory.buffer);
    view.setUint32(VECTORS, 0, true);
    view.setUint32(VECTORS + 4, 2 ** 20 + 1, true);
    assert.is(call("sock_send", 4, VECTORS, 1, 0, OUT), MSGSIZE);
    // The same bytes 1000 times are more than the memory has.
    for (let i = 1; i < 1000; i++) view.setBigUint64(VECTORS + 8 * i, 2n ** 52n, true);
    assert.is(call("fd_write", 4, VECTORS, 1000, OUT), MSGSIZE);
    assert.throws(() => os.recv(b, 1, os.MSG_DONTWAIT), /EAGAIN/);
  }),
);

test(
  "a write to an eventfd that has too little room is tried again after a while",
  scoped((s) => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const inner = makeGuest({ select, os, memory, fds: [[4, s.eventfd()]] });
    const view = new DataView(memory.buffer);
    view.setUint32(VECTORS, DATA, true);
    view.setUint32(VECTORS + 4, 8, true);
    const write = () => transferCalls(inner.table, inner.memory).fd_write(4, VECTORS, 1, OUT);
    // All but one of the numbers that fit.
    view.setBigUint64(DATA, 2n ** 64n - 3n, true);
    assert.equal(write().next(), { done: true, value: 0 });
    view.setBigUint64(DATA, 2n, true);
    const waits = write();
    const first = waits.next().value as Wait;
    assert.is(first.slots.length, 1);
    // The descriptor is ready, and still has no room for 2.
    const second = waits.next(1).value as Wait;
    assert.equal(second, { slots: [], ms: RESCAN_MS });
    assert.is((waits.next(0).value as Wait).slots.length, 1);
    inner.guest.dispose();
  }),
);

test(
  "a datagram that is longer than the buffers is truncated",
  withGuest((make, s) => {
    const [a, b] = s.socketpair(os.SOCK_DGRAM);
    const { recv, stat } = make({ fds: [[4, a]] });
    assert.equal(stat(4), [5, 0]);
    os.write(b, "0123456789");
    os.write(b, "ab");
    assert.equal(recv(4, 0, 4), ["0123", 1]);
    assert.equal(recv(4, 0, 4), ["ab", 0]);
  }),
);

test(
  "sock_accept gives a connection a number, which is closed with it",
  withGuest((make, s) => {
    const listener = s.listener();
    const { call, found, read, poll } = make({ fds: [[4, listener]] });
    assert.is(call("fd_fdstat_set_flags", 4, NONBLOCK), 0);
    assert.is(call("sock_accept", 4, 0, OUT), AGAIN);
    const client = s.client(listener);
    const [event] = poll({ read: 4 }) as Array<{ type: number }>;
    assert.is(event?.type, TYPE_READ);
    assert.is(call("sock_accept", 4, 1, OUT), INVAL);
    assert.is(call("sock_accept", 4, 0, OUT), 0);
    const connection = found();
    os.write(client, "hi");
    assert.is(read(connection, 9), "hi");
    assert.is(call("fd_close", connection), 0);
    assert.is(os.read(client, 1).length, 0);
  }),
);

test(
  "a write to an eventfd that has no room for it waits, whatever the mode of the host's",
  withGuest((make, s) => {
    const mine = s.own(os.eventfd(0));
    const { call, memory, open, preopen, set } = make({ limits: { callMs: 30 } });
    const view = new DataView(memory.buffer);
    const write = (fd: number, value: bigint): number => {
      view.setUint32(VECTORS, DATA, true);
      view.setUint32(VECTORS + 4, 8, true);
      view.setBigUint64(DATA, value, true);
      return call("fd_write", fd, VECTORS, 1, OUT);
    };
    set(20, mine);
    const [named] = open(preopen(), "eventfd/x") as [number];
    for (const fd of [20, named]) {
      assert.is(write(fd, 2n ** 64n - 3n), 0);
      // poll(2) says that 1 can be added.
      assert.is(write(fd, 2n), CANCELED);
      assert.is(call("fd_fdstat_set_flags", fd, NONBLOCK), 0);
      assert.is(write(fd, 2n), AGAIN);
      assert.is(write(fd, 1n), 0);
      assert.is(write(fd, 2n ** 64n - 1n), INVAL);
      view.setUint32(VECTORS + 4, 8, true);
      assert.is(call("fd_read", fd, VECTORS, 1, OUT), 0);
      assert.is(view.getBigUint64(DATA, true), 2n ** 64n - 2n);
      assert.is(write(fd, 5n), 0);
    }
    assert.is(os.eventfd_read(mine), 5);
  }),
);

test(
  "addresses outside the memory are FAULT, and nothing is transferred",
  withGuest((make, s) => {
    const [r, w] = s.pipe();
    const { call, read, bytes } = make({ stdin: r, stdout: w });
    os.write(w, "data");
    const size = bytes.length;
    for (const at of [size, size - 7, -1, 0x80000000, -8]) {
      assert.is(call("fd_read", 0, at, 1, OUT), FAULT);
      assert.is(call("fd_write", 1, at, 1, OUT), FAULT);
      assert.is(call("fd_fdstat_get", 0, at), FAULT);
      assert.is(call("fd_filestat_get", 0, at), FAULT);
    }
    const view = new DataView(bytes.buffer);
    view.setUint32(VECTORS, size - 1, true);
    view.setUint32(VECTORS + 4, 2, true);
    assert.is(call("fd_read", 0, VECTORS, 1, OUT), FAULT);
    view.setUint32(VECTORS, DATA, true);
    assert.is(call("fd_read", 0, VECTORS, 1, size - 3), FAULT);
    assert.is(call("fd_read", 0, VECTORS, -1, OUT), INVAL);
    assert.is(read(0, 9), "data");
  }),
);

test.run();
