// createGuest: the descriptors of a guest, and its calls on them, without a guest's program.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import * as select from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { RESCAN_MS } from "../../asm/abi.ts";
import { type GuestOptions, makeGuest } from "../../wasi/guest/guest.ts";
import { transferCalls } from "../../wasi/guest/transfers.ts";
import type { Wait } from "../../wasi/wait.ts";
import { FILESTAT_TYPE } from "../../wasi/guest/preview1.ts";
import { TYPE_READ } from "../../wasi/preview1.ts";
import { fill, type Scope, scoped } from "../support/descriptors.ts";
import { inThread } from "../support/expect.ts";
import { openDescriptors, writeFileSync } from "../support/files.ts";
import { FakeSource } from "./fake-source.ts";
import { DATA, made, OUT, STAT, VECTORS, withGuest } from "./plain-guest.ts";

const [AGAIN, BADF, BUSY, CANCELED, FAULT, INVAL, NOENT, NOTSOCK, NOTSUP] = [
  6, 8, 10, 11, 21, 28, 44, 57, 58,
];
const [MSGSIZE, NOTDIR, PIPE, SPIPE] = [35, 54, 64, 70];
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
  "numbers of the host are not the guest's, and closing the guest's leaves the host's open",
  withGuest((make, s) => {
    const [r] = s.pipe();
    const { call, read, close } = make({ fds: [[900, r]] });
    assert.is(read(r, 1), BADF);
    assert.is(call("fd_close", 900), 0);
    assert.is(call("fd_close", 900), BADF);
    assert.is(close(900), false);
    assert.is(os.get_blocking(r), false);
  }),
);

test("an owned descriptor is closed with the guest's", () => {
  const before = openDescriptors();
  const [r, w] = os.pipe();
  const guest = made({ stdin: { fd: r, owned: true }, stdout: { fd: w, owned: true } });
  assert.is(guest.call("fd_close", 0), 0);
  guest.dispose();
  assert.is(openDescriptors(), before);
});

test(
  "fd_renumber gives a descriptor another number, and closes what that was",
  withGuest((make, s) => {
    const [r, w] = s.pipe();
    const [r2] = s.pipe();
    const { call, read } = make({
      fds: [
        [5, r],
        [6, r2],
      ],
    });
    os.write(w, "ab");
    assert.is(call("fd_renumber", 5, 6), 0);
    assert.is(read(6, 1), "a");
    assert.is(read(5, 1), BADF);
    assert.is(call("fd_renumber", 6, 6), 0);
    assert.is(read(6, 1), "b");
    assert.is(call("fd_renumber", 6, 77), BADF);
    assert.is(call("fd_renumber", 77, 6), BADF);
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

/** A UDP socket that is connected, which shutdown(2) wants. */
function connectedUdp(s: Scope): [fd: number] {
  const fd = s.own(os.socket(os.AF_INET, os.SOCK_DGRAM));
  os.bind(fd, ["127.0.0.1", 0]);
  os.connect(fd, os.getsockname(fd));
  os.set_blocking(fd, false);
  return [fd];
}

test(
  "a socket for datagrams that is shut down for reading is at its end",
  withGuest((make, s) => {
    for (const [a] of [s.socketpair(os.SOCK_DGRAM), connectedUdp(s)]) {
      const { call, read, recv } = make({ fds: [[4, a]] });
      assert.is(call("sock_shutdown", 4, 1), 0);
      assert.is(read(4, 8), "");
      assert.equal(recv(4, 0, 8), ["", 0]);
      assert.is(call("fd_fdstat_set_flags", 4, NONBLOCK), 0);
      assert.is(read(4, 8), AGAIN);
    }
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
  "a pair and an eventfd can be opened by path",
  withGuest((make) => {
    const { call, open, preopen, poll, read, write } = make();
    const folder = preopen();
    const [a] = open(folder, "pair/x/a") as [number];
    const [b] = open(folder, "./pair/x/b", NONBLOCK) as [number];
    assert.is(read(b, 1), AGAIN);
    assert.equal(write(a, "ping"), [4]);
    assert.is(read(b, 9), "ping");
    const [again] = open(folder, "pair/x/a") as [number];
    assert.is(open(folder, "pair/x/a"), BUSY);
    assert.is.not(again, a);
    const [counter] = open(folder, "eventfd/wake") as [number];
    const [other] = open(folder, "eventfd/wake", NONBLOCK) as [number];
    assert.equal(write(counter, "\u0003\0\0\0\0\0\0\0"), [8]);
    assert.is((poll({ read: other }) as unknown[]).length, 1);
    assert.is(read(other, 8), "\u0003\0\0\0\0\0\0\0");
    assert.is(read(other, 8), AGAIN);
    for (const path of ["pair/x", "pair/x/c", "pair//a", "nothing", "eventfd/"]) {
      assert.is(open(folder, path), NOENT, path);
    }
    assert.is(open(a, "pair/x/b"), NOTDIR);
    assert.is(call("fd_seek", a, 0n, 0, OUT), SPIPE);
    assert.is(call("fd_close", a), 0);
    assert.is(read(b, 1), "");
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
  "descriptors below the preopen do not hide it",
  withGuest((make, s) => {
    const [r, w] = s.pipe();
    const { preopen, read } = make({ fds: [[3, r]] });
    assert.is(preopen(), 4);
    os.write(w, "x");
    assert.is(read(3, 1), "x");
  }),
);

test(
  "what the guest does not have is the runtime's",
  withGuest((make) => {
    const calls: unknown[][] = [];
    let memory: WebAssembly.Memory | undefined;
    const under = {
      fd_fdstat_get(fd: number, to: number): number {
        if (fd !== 3) return BADF;
        new Uint8Array((memory as WebAssembly.Memory).buffer, to, 24).fill(4);
        return 0;
      },
      fd_read: (...given: unknown[]) => calls.push(given) && 0,
    };
    const guest = make({ under });
    ({ memory } = guest);
    guest.bytes.fill(9, 65_536 - 24);
    const [event] = guest.poll({ read: 3 }) as Array<{ error: number }>;
    assert.is(event?.error, 0);
    assert.equal([...guest.bytes.subarray(65_536 - 24)], Array(24).fill(9));
    const [missing] = guest.poll({ read: 4 }) as Array<{ error: number }>;
    assert.is(missing?.error, BADF);
    assert.is(guest.call("fd_read", 3, 1, 2, 3), 0);
    assert.equal(calls, [[3, 1, 2, 3]]);
    assert.is(guest.call("fd_write", 3, 1, 2, 3), NOTSUP);
    assert.is(guest.call("fd_write", 4, 1, 2, 3), BADF);
  }),
);

test(
  "a descriptor of the guest is duplicated by its path",
  withGuest((make, s) => {
    const [r, w] = s.pipe();
    const { call, open, preopen, read } = make({
      fds: [
        [20, r],
        [21, new FakeSource()],
      ],
    });
    const folder = preopen();
    const [copy] = open(folder, "fd/20") as [number];
    assert.is.not(copy, 20);
    assert.is(call("fd_close", 20), 0);
    os.write(w, "x");
    assert.is(read(copy, 1), "x");
    assert.is(open(folder, "fd/20"), NOENT);
    assert.is(open(folder, "fd/21"), NOTSUP);
  }),
);

test(
  "numbers are the lowest free ones, or in turn",
  withGuest((make) => {
    for (const [numbers, again] of [
      ["lowest", 512],
      ["in turn", 514],
    ] as const) {
      const { call, open, preopen } = make({ numbers });
      const folder = preopen();
      assert.equal(open(folder, "eventfd/a"), [512]);
      assert.equal(open(folder, "eventfd/b"), [513]);
      assert.is(call("fd_close", 512), 0);
      assert.equal(open(folder, "eventfd/c"), [again]);
    }
  }),
);

test(
  "a file of the runtime does not get a number that is the guest's",
  withGuest((make) => {
    let next = 3;
    const opened: number[] = [];
    let view: DataView | undefined;
    const under = {
      path_open(...given: unknown[]): number {
        opened.push(given[4] as number);
        view?.setUint32(given[8] as number, next++, true);
        return 0;
      },
    };
    const { memory, open, preopen } = make({ under });
    view = new DataView(memory.buffer);
    assert.is(preopen(), 3);
    assert.equal(open(99, "file"), [4]);
    assert.equal(opened, [0, 0]);
  }),
);

test(
  "the runtime's descriptor with a number that is or was the guest's stays out of reach",
  withGuest((make, s) => {
    const asked: string[] = [];
    let view: DataView | undefined;
    const runtimes = (name: string) => (): number => {
      asked.push(name);
      return 0;
    };
    const names = ["fd_fdstat_get", "fd_write", "fd_close", "path_rename", "path_link"];
    const under = {
      ...Object.fromEntries(names.map((name) => [name, runtimes(name)])),
      path_open(...given: unknown[]): number {
        view?.setUint32(given[8] as number, 9, true);
        return 0;
      },
    };
    const [, w] = s.pipe();
    const { call, memory, open, poll, write } = make({ stdout: w, fds: [[9, w]], under });
    view = new DataView(memory.buffer);
    assert.equal(write(1, "x"), [1]);
    assert.is(call("fd_close", 1), 0);
    assert.is(write(1, "x"), BADF);
    assert.is(call("fd_close", 1), BADF);
    assert.is(call("fd_renumber", 9, 1), BADF);
    const [event] = poll({ write: 1 }) as Array<{ error: number }>;
    assert.is(event?.error, BADF);
    assert.is(call("path_rename", 5, 0, 0, 1, 0, 0), BADF);
    assert.is(call("path_link", 5, 0, 0, 0, 9, 0, 0), BADF);
    assert.equal(
      asked.filter((name) => name !== "fd_fdstat_get"),
      [],
    );
    // A number that the runtime hands out itself later is its own.
    assert.is(call("fd_close", 9), 0);
    assert.is(call("fd_write", 9, 0, 0, OUT), BADF);
    assert.equal(open(99, "file"), [9]);
    assert.is(call("fd_write", 9, 0, 0, OUT), 0);
    assert.is(asked.at(-1), "fd_write");
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

test(
  "an object of JavaScript is a descriptor",
  withGuest((make) => {
    const source = new FakeSource();
    const { call, poll, read, stat } = make({ fds: [[8, source]] });
    assert.equal(stat(8), [6, 0]);
    assert.is(call("fd_fdstat_set_flags", 8, NONBLOCK), 0);
    assert.is(read(8, 3), AGAIN);
    source.set(select.POLLIN, 5);
    assert.is((poll({ read: 8 }) as unknown[]).length, 1);
    assert.is((read(8, 3) as string).length, 3);
  }),
);

test("targets that are none are refused, and nothing stays open", () => {
  const before = openDescriptors();
  const [r, w] = os.pipe();
  const bad: Array<[Partial<GuestOptions>, RegExp]> = [
    [{ stdin: { fd: r, owned: true }, stdout: 99_999 }, /descriptor 99999 is not open/],
    [{ fds: [[-1, w]] }, /whole number.*-1/],
    [{ fds: [[1.5, w]] }, /whole number.*1\.5/],
    [{ fds: [[4, "x" as never]] }, /descriptor 4 of the guest: string/],
    [{ fds: [[4, null as never]] }, /descriptor 4 of the guest: null/],
  ];
  for (const [options, message] of bad) assert.throws(() => made(options), message);
  os.close(w);
  assert.is(openDescriptors(), before);
});

test(
  "a regular file has its type and is always ready",
  withGuest((make, s) => {
    const path = `${s.folder()}/file`;
    writeFileSync(path, "content");
    const { poll, read, stat, bytes, call } = make({ fds: [[4, s.open(path)]] });
    assert.equal(stat(4), [4, 0]);
    assert.is(call("fd_filestat_get", 4, STAT), 0);
    assert.is(bytes[STAT + FILESTAT_TYPE], 4);
    assert.is((poll({ read: 4 }, { write: 4 }) as unknown[]).length, 2);
    assert.is(read(4, 3, 9), "content");
  }),
);

test.run();
