// Random programs on two simulated kernels side by side: Linux, whose epoll is its own, and one
// without, where the core makes it. What is level triggered or one-shot is the same in every wait,
// and no edge is missed.

import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  EPOLLET as ET,
  EPOLLHUP as HUP,
  EPOLLIN as IN,
  EPOLLONESHOT as ONESHOT,
  EPOLLOUT as OUT,
  EPOLLRDHUP as RDHUP,
  EPOLLRDNORM as RDNORM,
  OSError,
} from "../bindings/node.ts";
import { randomOf } from "./hosts.ts";
import { World } from "./sim-world.ts";

const SEEDS = 300;
const STEPS = 120;
const MASKS = [0, IN, OUT, IN | OUT, RDHUP, IN | RDHUP | RDNORM, HUP];

/** Descriptors of several kinds: the same numbers on every kernel. */
function open(on: World): number[] {
  const fds = [...on.tcp(), on.eventfd()];
  for (let i = 0; i < 2; i++) fds.push(...on.pipe(), ...on.socketpair());
  return fds;
}

/** What a call comes to: its result, or the name of its error. */
function outcomeOf(call: () => unknown): unknown {
  try {
    return call() ?? "";
  } catch (error) {
    if (!(error instanceof OSError)) throw error;
    return error.code;
  }
}

/** Reads until there is nothing more. */
function drain({ os }: World, fd: number): void {
  outcomeOf(() => {
    while (os.read(fd, 4096).length > 0);
  });
}

/** Closes a descriptor with nothing unread, and opens an eventfd, which gets its number. */
function replace(on: World, fd: number): number {
  drain(on, fd);
  on.os.close(fd);
  return on.eventfd();
}

function program(seed: number, [linux, other]: readonly [World, World]): void {
  const { name } = other.select.host;
  const random = randomOf(seed);
  const worlds = [linux, other];
  const [fds] = worlds.map(open) as [number[], number[]];
  const [real, ours] = [linux.epoll(), other.epoll()];
  /** Masks that are registered, and those that were reported last. */
  const registered = new Map<number, number>();
  const reported = new Map<number, number>();
  /** The same, of what was not read since. */
  const unread = new Map<number, number>();
  const log: string[] = [];
  const why = (): string => `seed ${seed}\n${log.join("\n")}`;

  function change(fd: number): void {
    const choice = random(20);
    const how = random(3);
    const act = ["write", "read", "drain", "shutdown", "replace"][choice % 5] as string;
    if (act === "shutdown" && choice > 3) return;
    if (act === "replace" && choice > 4) return;
    log.push(`${act} ${fd} ${how}`);
    if (act === "read" || act === "drain") unread.delete(fd);
    const call = (on: World): unknown => {
      if (act === "write") return on.os.write(fd, new Uint8Array(8).fill(1));
      if (act === "read") return on.os.read(fd, 8).length;
      if (act === "drain") return drain(on, fd);
      if (act === "shutdown") return on.os.shutdown(fd, how);
      return replace(on, fd);
    };
    const [expected, found] = worlds.map((on) => outcomeOf(() => call(on)));
    assert.equal(found, expected, why());
    for (const on of worlds) on.arrive();
  }

  function control(fd: number): void {
    const mask = ((MASKS[random(MASKS.length)] as number) | [0, 0, ET, ONESHOT][random(4)]!) >>> 0;
    const op = ["register", "register", "modify", "unregister"][random(4)] as string;
    const [expected, found] = [real, ours].map((e) =>
      outcomeOf(() => {
        if (op === "register") e.register(fd, mask);
        else if (op === "modify") e.modify(fd, mask);
        else e.unregister(fd);
      }),
    );
    log.push(`${op} ${fd} 0x${mask.toString(16)}: ${expected}`);
    assert.is(found, expected, why());
    if (expected === "") registered.set(fd, mask);
  }

  function wait(): void {
    const expected = new Map(real.poll(0));
    const found = new Map(ours.poll(0));
    log.push(`wait: ${JSON.stringify([...expected])}, ours ${JSON.stringify([...found])}`);
    for (const [fd, mask] of expected) {
      // What could be written to already, or has ended, need not be told of again; by poll(2), nor
      // what is as it was, if nothing was read.
      const isOld = (mask & ~(reported.get(fd) ?? 0)) === 0 && (mask & (OUT | HUP | RDHUP)) !== 0;
      const isSame = mask === unread.get(fd) && name === "sim:posix";
      const isEdge = (registered.get(fd)! & ET) !== 0;
      const mayMiss = isEdge && (isOld || isSame);
      if (!mayMiss || found.has(fd)) assert.is(found.get(fd), mask, `${fd}, ${why()}`);
      reported.set(fd, mask);
      unread.set(fd, mask);
    }
    for (const [fd, mask] of found) {
      const isEdge = (registered.get(fd)! & ET) !== 0;
      assert.ok(mask !== 0 && (isEdge || expected.has(fd)), `${fd} in\n${why()}`);
    }
  }

  for (let step = 0; step < STEPS; step++) {
    const choice = random(10);
    const fd = fds[random(fds.length)] as number;
    if (choice < 3) control(fd);
    else if (choice < 7) change(fd);
    else wait();
  }
}

for (const personality of ["bsd", "posix"] as const) {
  test(`the epoll of sim:${personality} is like Linux's`, () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      program(seed, [new World("linux"), new World(personality)]);
    }
  });
}

test.run();
