// recv, read and aio_read return bytes that the kernel wrote, and never bytes that an earlier call
// left in memory.

import { join } from "node:path";
import { suite } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import * as os from "../../bindings/node/os.ts";
import { kqueue } from "../../bindings/node/select.ts";
import { BlockingIOError } from "../../bindings/errors.ts";
import { createOsModule } from "../../bindings/os/os.ts";
import { describeErrno } from "../../host/errno.ts";
import type { OsHost } from "../../host/os.ts";
import { type Scope, scoped } from "../support/descriptors.ts";
import { throws } from "../support/expect.ts";
import { writeFileSync } from "../support/files.ts";
import { sim, sleep } from "../support/world.ts";

const MSG_TRUNC = 0x20;
const MSG_WAITALL = 0x100;
const SECRET = "PASSWORD=hunter2";
/** Past the size of the memory that the module uses again. */
const LONG = 70_000;

/** Has the module read a secret, which its memory then holds. */
function readSecret(scope: Scope): void {
  const [a, b] = scope.socketpair();
  os.send(a, SECRET);
  assert.is(String(os.recv(b, 100)), SECRET);
}

/** The bytes that arrive within a minute. */
function arrived(fd: number, n: number, flags = 0): Uint8Array {
  for (const deadline = Date.now() + 60_000; ; sleep(1)) {
    try {
      return os.recv(fd, n, flags | os.MSG_DONTWAIT);
    } catch (error) {
      if (!(error instanceof BlockingIOError) || Date.now() > deadline) throw error;
    }
  }
}

/** Two connected UDP sockets. */
function udp(scope: Scope): [tx: number, rx: number] {
  const ends = [0, 1].map(() => scope.own(os.socket(os.AF_INET, os.SOCK_DGRAM)));
  const [tx, rx] = ends as [number, number];
  os.bind(rx, ["127.0.0.1", 0]);
  os.connect(tx, os.getsockname(rx));
  return [tx, rx];
}

const DATAGRAMS: ReadonlyArray<readonly [name: string, make: (scope: Scope) => [number, number]]> =
  [
    ["UDP", udp],
    ["Unix datagrams", (scope) => scope.socketpair(os.SOCK_DGRAM)],
    ["SEQPACKET", (scope) => scope.socketpair(os.SOCK_SEQPACKET)],
  ];

const truncated = suite("os: MSG_TRUNC");

for (const [name, make] of DATAGRAMS) {
  truncated(
    `${name}: a long datagram fills n bytes and no more`,
    scoped((scope) => {
      readSecret(scope);
      const [tx, rx] = make(scope);
      for (const n of [1, 8, 39, 40, 41, 1000]) {
        os.send(tx, "E".repeat(40));
        assert.is(String(arrived(rx, n, MSG_TRUNC)), "E".repeat(Math.min(n, 40)), String(n));
      }
    }),
  );

  truncated(
    `${name}: n of 0 takes the datagram and returns nothing`,
    scoped((scope) => {
      readSecret(scope);
      const [tx, rx] = make(scope);
      os.send(tx, "first");
      os.send(tx, "second");
      assert.is(arrived(rx, 0, MSG_TRUNC).length, 0);
      assert.is(String(arrived(rx, 100)), "second");
    }),
  );

  truncated(
    `${name}: MSG_PEEK leaves the datagram`,
    scoped((scope) => {
      readSecret(scope);
      const [tx, rx] = make(scope);
      os.send(tx, "abcdef");
      assert.is(String(arrived(rx, 2, MSG_TRUNC | os.MSG_PEEK)), "ab");
      assert.is(String(arrived(rx, 4, MSG_TRUNC | os.MSG_PEEK)), "abcd");
      assert.is(String(arrived(rx, 100)), "abcdef");
      throws(() => os.recv(rx, 1, MSG_TRUNC | os.MSG_DONTWAIT), BlockingIOError, "EAGAIN");
    }),
  );
}

truncated(
  "a datagram longer than n, where n is past 65536",
  scoped((scope) => {
    for (const type of [os.SOCK_DGRAM, os.SOCK_SEQPACKET]) {
      const [tx, rx] = scope.socketpair(type);
      os.setsockopt(tx, os.SOL_SOCKET, os.SO_SNDBUF, 200_000);
      os.send(tx, new Uint8Array(100_000).fill(0x45));
      const bytes = os.recv(rx, LONG, MSG_TRUNC);
      assert.is(bytes.length, LONG);
      assert.ok(bytes.every((byte) => byte === 0x45));
    }
  }),
);

truncated(
  "TCP: discarded bytes come as zeros, and the bytes behind them are kept",
  scoped((scope) => {
    readSecret(scope);
    const [a, b] = scope.tcp();
    os.send(a, "discarded, kept");
    assert.is(String(arrived(b, 11, os.MSG_PEEK)), "discarded, ");
    assert.equal([...os.recv(b, 11, MSG_TRUNC)], new Array<number>(11).fill(0));
    assert.is(String(os.recv(b, 100)), "kept");
    throws(() => os.recv(b, 5, MSG_TRUNC), BlockingIOError, "EAGAIN");
    os.shutdown(a, os.SHUT_WR);
    assert.is(arrived(b, 5, MSG_TRUNC).length, 0);
  }),
);

truncated(
  "TCP: MSG_PEEK counts and takes nothing",
  scoped((scope) => {
    readSecret(scope);
    const [a, b] = scope.tcp();
    os.send(a, "abc");
    assert.is(String(arrived(b, 100, os.MSG_PEEK)), "abc");
    assert.equal([...os.recv(b, 100, MSG_TRUNC | os.MSG_PEEK)], [0, 0, 0]);
    assert.is(os.recv(b, 0, MSG_TRUNC).length, 0);
    assert.is(String(os.recv(b, 100)), "abc");
  }),
);

truncated(
  "TCP: n past 65536",
  scoped((scope) => {
    const [a, b] = scope.tcp();
    os.send(a, "x".repeat(30));
    assert.equal([...arrived(b, LONG, MSG_TRUNC)], new Array<number>(30).fill(0));
  }),
);

truncated(
  "a Unix stream has no use for it",
  scoped((scope) => {
    readSecret(scope);
    const [a, b] = scope.socketpair();
    os.send(a, "stream");
    assert.is(String(os.recv(b, 3, MSG_TRUNC)), "str");
    assert.is(String(os.recv(b, 100, MSG_TRUNC | os.MSG_PEEK)), "eam");
    assert.is(String(os.recv(b, 100, MSG_TRUNC)), "eam");
  }),
);

if (sim === undefined) {
  // rtnetlink answers RTM_GETLINK with a message for each interface; a simulated kernel has no
  // such socket in omnipoll/os.
  truncated(
    "netlink: a long message fills n bytes and no more",
    scoped((scope) => {
      readSecret(scope);
      const fd = scope.own(os.socket(16, os.SOCK_DGRAM, 0));
      const request = new DataView(new ArrayBuffer(32));
      request.setUint32(0, 32, true);
      request.setUint16(4, 18, true);
      request.setUint16(6, 0x301, true);
      request.setUint32(8, 1, true);
      os.send(fd, new Uint8Array(request.buffer));
      const head = arrived(fd, 16, MSG_TRUNC | os.MSG_PEEK);
      assert.is(head.length, 16);
      assert.is(String(arrived(fd, 1, MSG_TRUNC)), String(head.slice(0, 1)));
    }),
  );
}

truncated.run();

const reading = suite("os: the results of reads");

reading(
  "other flags return the bytes that were written",
  scoped((scope) => {
    const [a, b] = scope.socketpair();
    os.send(a, "abc");
    assert.is(String(os.recv(b, 100, os.MSG_PEEK)), "abc");
    assert.is(String(os.recv(b, 3, MSG_WAITALL)), "abc");
  }),
);

reading(
  "a long read returns its bytes in memory of their own",
  scoped((scope) => {
    const [r, w] = scope.pipe();
    os.write(w, "first");
    const first = os.read(r, LONG);
    os.write(w, "second");
    assert.is(String(os.read(r, 100)), "second");
    assert.is(String(first), "first");
    assert.is(first.buffer.byteLength < LONG, true);
  }),
);

reading(
  "aio_read changes as many bytes as were read",
  scoped((scope) => {
    readSecret(scope);
    const queue = kqueue();
    scope.onEnd(() => queue.close());
    const path = join(scope.folder(), "file");
    writeFileSync(path, "ten bytes!");
    const buffer = new Uint8Array(20).fill(0x2e);
    os.aio_read(scope.open(path), buffer, 4, queue);
    assert.is(queue.control(null, 1, 60)[0]?.data, 6);
    assert.is(new TextDecoder().decode(buffer), `bytes!${".".repeat(14)}`);
  }),
);

/** A module on a host whose reads write `text` and return `count`. */
function moduleOf(text: string, count: number) {
  const write = (_fd: number, buffer: Uint8Array): number => {
    buffer.set(new TextEncoder().encode(text).subarray(0, buffer.length));
    return count;
  };
  const host = { describe: describeErrno, read: write, recv: write };
  return createOsModule(host as unknown as OsHost & { describe: typeof describeErrno });
}

reading("a count beyond n is taken for n", () => {
  for (const n of [0, 1, 5, 0x10000, 0x10001]) {
    const liar = moduleOf("E".repeat(0x10001), 100_000);
    assert.is(liar.read(0, n).length, n);
    assert.is(liar.recv(0, n).length, n);
    assert.is(liar.recv(0, n, MSG_TRUNC).length, n);
  }
});

reading("a flag that is not known gets memory of its own", () => {
  const module = moduleOf(SECRET, SECRET.length);
  module.recv(0, 100);
  const silent = moduleOf("", 10);
  for (const flags of [MSG_TRUNC, 0x2000, MSG_TRUNC | os.MSG_PEEK, 1 << 28]) {
    assert.equal([...silent.recv(0, 10, flags)], new Array<number>(10).fill(0), String(flags));
  }
});

reading.run();
