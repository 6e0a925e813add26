// The order of events, and the events that maxevents leaves for later. EPO-146 to 153.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { EPOLLET as ET, EPOLLIN as IN, type Epoll } from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { scoped, type Scope } from "../support/descriptors.ts";

interface Pipes {
  readonly e: Epoll;
  readonly readers: number[];
  /** Writes a byte to the pipes with these numbers, in this order. */
  write(...numbers: number[]): void;
  /** Numbers of the pipes a wait reports. */
  next(maxevents?: number): number[];
}

/** Four pipes, registered in one epoll with `mask`. */
function fourPipes(s: Scope, mask: number): Pipes {
  const pipes = [0, 1, 2, 3].map(() => s.pipe());
  const readers = pipes.map(([r]) => r);
  const e = s.epoll(...readers.map((r) => [r, mask] as const));
  return {
    e,
    readers,
    write: (...numbers) => {
      for (const number of numbers) os.write((pipes[number] as [number, number])[1], "x");
    },
    next: (maxevents = -1) => e.poll(0, maxevents).map(([fd]) => readers.indexOf(fd)),
  };
}

test(
  "EPO-146: events come in the order of becoming ready, every time",
  scoped((s) => {
    const { write, next } = fourPipes(s, IN);
    write(2, 0, 3, 1);
    for (let i = 0; i < 3; i++) assert.equal(next(), [2, 0, 3, 1]);
  }),
);

test(
  "EPO-147: maxevents bounds the number of events",
  scoped((s) => {
    const { write, next } = fourPipes(s, IN);
    write(0, 1, 2, 3);
    assert.equal(next(3), [0, 1, 2]);
    assert.equal(next(4), [3, 0, 1, 2]);
    assert.is(next(1).length, 1);
  }),
);

test(
  "EPO-149: events that did not fit come first the next time",
  scoped((s) => {
    const { write, next } = fourPipes(s, IN);
    write(2, 0, 3, 1);
    assert.equal(next(1), [2]);
    assert.equal(next(2), [0, 3]);
    assert.equal(next(2), [1, 2]);
    assert.equal(next(2), [0, 3]);
  }),
);

test(
  "EPO-150: edge triggered, events that did not fit come later and the others are over",
  scoped((s) => {
    const { write, next } = fourPipes(s, IN | ET);
    write(0, 1, 2, 3);
    assert.equal(next(2), [0, 1]);
    assert.equal(next(2), [2, 3]);
    assert.equal(next(2), []);
    write(3, 1);
    assert.equal(next(1), [3]);
    assert.equal(next(1), [1]);
    assert.equal(next(1), []);
  }),
);

test(
  "EPO-152: modifying keeps the place, registering anew goes to the end",
  scoped((s) => {
    const { e, readers, write, next } = fourPipes(s, IN);
    write(2, 0, 3, 1);
    e.modify(readers[0] as number, IN);
    assert.equal(next(), [2, 0, 3, 1]);
    e.unregister(readers[0] as number);
    e.register(readers[0] as number, IN);
    assert.equal(next(), [2, 3, 1, 0]);
  }),
);

test(
  "EPO-153: of two registrations of one file the newest is first",
  scoped((s) => {
    const [r, w] = s.pipe();
    const copy = s.dup(r);
    const e = s.epoll([r, IN], [copy, IN]);
    os.write(w, "x");
    assert.equal(e.poll(0), [
      [copy, IN],
      [r, IN],
    ]);

    const [reader, writer] = s.pipe();
    const second = s.dup(reader);
    const reversed = s.epoll([second, IN], [reader, IN]);
    os.write(writer, "x");
    assert.equal(reversed.poll(0), [
      [reader, IN],
      [second, IN],
    ]);
  }),
);

test.run();
