// Defects that were met once, each with the program that met it.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { EPOLLIN, epoll, kevent, kqueue } from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";

test("a queue that makes room for many events leaves epoll's events where they are", () => {
  const [r, w] = os.pipe();
  using ep = epoll();
  ep.register(r, EPOLLIN);
  os.write(w, "x");
  assert.equal(ep.poll(0), [[r, EPOLLIN]]);
  using queue = kqueue();
  assert.equal(queue.control(null, 100_000, 0), []);
  // Takes the memory that the queue may have given back.
  using other = kqueue();
  other.control(
    Array.from({ length: 500 }, (_, ident) => kevent(ident, -11)),
    0,
  );
  assert.equal(ep.poll(0), [[r, EPOLLIN]]);
  for (const fd of [r, w]) os.close(fd);
});

/** Pairs of descriptors: the second reads the bytes that are written to the first. */
const PAIRS: Record<string, () => [number, number]> = {
  pipe: () => os.pipe().toReversed() as [number, number],
  stream: () => os.socketpair(),
  datagram: () => os.socketpair(os.AF_UNIX, os.SOCK_DGRAM),
  packet: () => os.socketpair(os.AF_UNIX, os.SOCK_SEQPACKET),
  tcp: () => {
    const listener = os.socket(os.AF_INET, os.SOCK_STREAM);
    os.bind(listener, ["127.0.0.1", 0]);
    os.listen(listener, 1);
    const client = os.socket(os.AF_INET, os.SOCK_STREAM);
    os.connect(client, os.getsockname(listener));
    const [server] = os.accept(listener);
    os.close(listener);
    return [client, server];
  },
  udp: () => {
    const [a, b] = [0, 1].map(() => os.socket(os.AF_INET, os.SOCK_DGRAM)) as [number, number];
    os.bind(b, ["127.0.0.1", 0]);
    os.connect(a, os.getsockname(b));
    return [a, b];
  },
};

for (const [name, make] of Object.entries(PAIRS)) {
  test(`a ${name} keeps the bytes that a Buffer had when it was written, whatever becomes of the Buffer`, () => {
    const [from, to] = make();
    const bytes = Buffer.from("first");
    os.write(from, bytes);
    bytes.write("other");
    assert.is(String(os.read(to, 10)), "first");
    for (const fd of [from, to]) os.close(fd);
  });
}

test.run();
