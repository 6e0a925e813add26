// Defects that were met once, each with the program that met it.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { EPOLLIN, epoll, kevent, kqueue } from "../bindings/node.ts";
import { close, pipe, write } from "../bindings/node-os.ts";

test("a queue that makes room for many events leaves epoll's events where they are", () => {
  const [r, w] = pipe();
  using ep = epoll();
  ep.register(r, EPOLLIN);
  write(w, "x");
  assert.equal(ep.poll(0), [[r, EPOLLIN]]);
  using queue = kqueue();
  assert.equal(queue.control(null, 100_000, 0), []);
  // Takes what the queue may have given back.
  using other = kqueue();
  other.control(
    Array.from({ length: 500 }, (_, ident) => kevent(ident, -11)),
    0,
  );
  assert.equal(ep.poll(0), [[r, EPOLLIN]]);
  for (const fd of [r, w]) close(fd);
});

test.run();
