// Random programs on two simulated kernels side by side: Linux, whose epoll is its own, and one
// without, where the core makes it. Level-triggered and one-shot events are the same in every wait, and
// no edge is missed.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  type Epoll,
  EPOLLET as ET,
  EPOLLHUP as HUP,
  EPOLLIN as IN,
  EPOLLONESHOT as ONESHOT,
  EPOLLOUT as OUT,
  EPOLLRDHUP as RDHUP,
  EPOLLRDNORM as RDNORM,
  OSError,
} from "../../bindings/node/select.ts";
import { randomOf } from "../support/hosts.ts";
import { World } from "../sim/world.ts";

const SEEDS = 300;
const STEPS = 120;
const MASKS = [0, IN, OUT, IN | OUT, RDHUP, IN | RDHUP | RDNORM, HUP];

/** Descriptors of several kinds: the same numbers on every kernel. */
function open(on: World): number[] {
  const fds = [...on.tcp(), on.eventfd()];
  for (let i = 0; i < 2; i++) fds.push(...on.pipe(), ...on.socketpair());
  return fds;
}

/** The outcome of a call: its result, or the name of its error. */
function outcomeOf(call: () => unknown): unknown {
  try {
    return call() ?? "";
  } catch (error) {
    if (!(error instanceof OSError)) throw error;
    // A connection that was reset behind a shutdown is EPIPE on Linux, on a BSD as any other.
    return error.code === "ECONNRESET" ? "EPIPE" : error.code;
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

/** An epoll of each kernel, and the knowledge about both. */
class Pair {
  /** The epolls that are compared. */
  readonly epolls: readonly Epoll[];
  /** Masks that are registered, and those that were reported last. */
  readonly registered = new Map<number, number>();
  readonly reported = new Map<number, number>();
  /** The same, for descriptors that were not read since. */
  readonly unread = new Map<number, number>();

  constructor(worlds: readonly World[]) {
    this.epolls = worlds.map((on) => on.epoll());
  }

  /** The number, which is the same on both. */
  get fd(): number {
    return this.epolls[0]!.fileno();
  }

  isEdge(fd: number): boolean {
    return (this.registered.get(fd)! & ET) !== 0;
  }

  /** The reported events; a few at a time, until all had their turn. */
  events(capacity: number): Array<Map<number, number>> {
    return this.epolls.map((e) => {
      if (capacity === 0) return new Map(e.poll(0));
      const found = new Map<number, number>();
      for (let i = 0; i < 40; i++)
        for (const [fd, mask] of e.poll(0, capacity)) found.set(fd, mask);
      return found;
    });
  }
}

function program(seed: number, worlds: readonly [World, World]): void {
  const random = randomOf(seed);
  const isPosix = worlds[1].select.host.name === "sim:posix";
  const [fds] = worlds.map(open) as [number[], number[]];
  const outer = new Pair(worlds);
  const inner = new Pair(worlds);
  assert.is(outer.epolls[1]!.fileno(), outer.fd);
  /** Over poll(2) an extra or missed edge of the inner epoll is an extra or missed event of the outer one. */
  const isLoose = (fd: number): boolean => isPosix && fd === inner.fd;
  const log: string[] = [];
  const why = (): string => `seed ${seed}\n${log.join("\n")}`;

  function change(fd: number): void {
    const choice = random(20);
    const how = random(3);
    const act = ["write", "read", "drain", "shutdown", "replace"][choice % 5] as string;
    if (act === "shutdown" && choice > 3) return;
    if (act === "replace" && choice > 4) return;
    log.push(`${act} ${fd} ${how}`);
    if (act === "read" || act === "drain")
      for (const { unread } of [outer, inner]) unread.delete(fd);
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

  function control({ fd: epfd, epolls, registered }: Pair, fd: number): void {
    const how = [0, 0, ET, ONESHOT][random(4)] as number;
    const wanted = MASKS[random(MASKS.length)] as number;
    // kqueue and poll(2) do not report the edges of an inner epoll as exactly.
    const mask = fd === inner.fd ? wanted : (wanted | how) >>> 0;
    const op = ["register", "register", "modify", "unregister"][random(4)] as string;
    const [expected, found] = epolls.map((e) =>
      outcomeOf(() => {
        if (op === "register") e.register(fd, mask);
        else if (op === "modify") e.modify(fd, mask);
        else e.unregister(fd);
      }),
    );
    log.push(`${epfd}: ${op} ${fd} 0x${mask.toString(16)}: ${expected}`);
    assert.is(found, expected, why());
    if (expected === "") registered.set(fd, mask);
  }

  function wait(on: Pair, capacity: number): void {
    const { reported, unread } = on;
    const [expected, found] = on.events(capacity) as [Map<number, number>, Map<number, number>];
    const shown = [expected, found].map((events) => JSON.stringify([...events]));
    log.push(`${on.fd}: wait ${capacity}: ${shown[0]}, ours ${shown[1]}`);
    for (const [fd, mask] of expected) {
      // A descriptor that could be written to already, or has ended, need not be reported again. Over
      // poll(2), a descriptor with the same bits need not be either, if the program read nothing.
      const isOld = (mask & ~(reported.get(fd) ?? 0)) === 0 && (mask & (OUT | HUP | RDHUP)) !== 0;
      const isSame = mask === unread.get(fd) && isPosix;
      const mayMiss = isLoose(fd) || (on.isEdge(fd) && (isOld || isSame));
      if (!mayMiss || found.has(fd)) assert.is(found.get(fd), mask, `${fd}, ${why()}`);
      reported.set(fd, mask);
      unread.set(fd, mask);
    }
    for (const [fd, mask] of found) {
      assert.ok(
        mask !== 0 && (on.isEdge(fd) || isLoose(fd) || expected.has(fd)),
        `${fd}, ${why()}`,
      );
    }
  }

  for (let step = 0; step < STEPS; step++) {
    const choice = random(10);
    const on = random(3) === 0 ? inner : outer;
    const fd = fds[random(fds.length)] as number;
    if (choice === 0) control(outer, inner.fd);
    else if (choice < 4) control(on, fd);
    else if (choice < 7) change(fd);
    else wait(on, [0, 0, 1, 3][random(4)] as number);
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
