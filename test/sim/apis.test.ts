// Every API works on every personality, whether the kernel has the call or the core emulates it.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import type { Personality } from "../../host/sim/kernel/kernel.ts";
import { World } from "./world.ts";

/** Waits for `reading` to become readable and `writing` writable; which did, in order. */
type Wait = (on: World, reading: readonly number[], writing: readonly number[]) => Waiting;
/** `seconds` is Infinity for ever. */
type Waiting = (seconds: number) => number[];

const sorted = (fds: Iterable<number>): number[] => [...new Set(fds)].sort((a, b) => a - b);

/** Objects of register() and poll(), in ms. */
function polling(name: "poll" | "devpoll"): Wait {
  return ({ select }, reading, writing) => {
    const object = select[name]();
    for (const fd of reading) object.register(fd, select.POLLIN);
    for (const fd of writing) object.register(fd, select.POLLOUT);
    return (seconds) =>
      sorted(object.poll(seconds === Infinity ? null : seconds * 1000).map(([fd]) => fd));
  };
}

function epolling(how: "EPOLLET" | undefined): Wait {
  return ({ select }, reading, writing) => {
    const e = select.epoll();
    const flags = how === undefined ? 0 : select[how];
    for (const fd of reading) e.register(fd, select.EPOLLIN | flags);
    for (const fd of writing) e.register(fd, select.EPOLLOUT | flags);
    return (seconds) => sorted(e.poll(seconds === Infinity ? null : seconds).map(([fd]) => fd));
  };
}

function queueing(flags: "KQ_EV_CLEAR" | undefined): Wait {
  return ({ select }, reading, writing) => {
    const kq = select.kqueue();
    const how = select.KQ_EV_ADD | (flags === undefined ? 0 : select[flags]);
    kq.control(
      [
        ...reading.map((fd) => select.kevent(fd, select.KQ_FILTER_READ, how)),
        ...writing.map((fd) => select.kevent(fd, select.KQ_FILTER_WRITE, how)),
      ],
      0,
    );
    return (seconds) =>
      sorted(
        kq
          .control(null, 64, seconds === Infinity ? null : seconds)
          .map(({ ident }) => Number(ident)),
      );
  };
}

const WAITS: Record<string, Wait> = {
  select:
    ({ select }, reading, writing) =>
    (seconds) => {
      const timeout = seconds === Infinity ? null : seconds;
      return sorted(select.select(reading, writing, [], timeout).flat());
    },
  poll: polling("poll"),
  devpoll: polling("devpoll"),
  epoll: epolling(undefined),
  "epoll, edge triggered": epolling("EPOLLET"),
  kqueue: queueing(undefined),
  "kqueue with EV_CLEAR": queueing("KQ_EV_CLEAR"),
};

/** A descriptor that could be written to already may be reported as an edge once more. */
const isEdges = (name: string): boolean => /edge|CLEAR/.test(name);

function wakes(personality: Personality, name: string, wait: Wait): void {
  const on = new World(personality);
  const { os, sim } = on;
  const [r, w] = on.pipe();
  const [a, b] = on.tcp();
  const [full, drain] = on.socketpair();
  on.fill(full);
  const waiting = wait(on, [r, a], [full]);
  const idle = on.timed(() => waiting(1));
  assert.equal(idle.result, []);
  assert.is(idle.ms, 1000);

  const actions: Array<[fd: number, act: () => void, end: () => void]> = [
    [r, () => os.write(w, "x"), () => os.read(r, 9)],
    [a, () => os.write(b, "x"), () => os.read(a, 9)],
    [
      full,
      () => {
        while (os.read(drain, 65536).length === 65536);
      },
      () => on.fill(full),
    ],
  ];
  for (const [fd, act, end] of actions) {
    sim.at(sim.now() + 3600, act);
    const woken = on.timed(() => waiting(Infinity));
    assert.equal(woken.result, [fd]);
    // Where no event reports room, the core tests for room every rescan interval, 10 ms.
    assert.ok(woken.ms >= 3_600_000 && woken.ms < 3_600_020, `${woken.ms} ms`);
    assert.equal(waiting(0), isEdges(name) ? [] : [fd]);
    end();
    assert.equal(waiting(0), []);
  }
  os.close(w);
  os.close(b);
  on.arrive();
  assert.equal(waiting(1), sorted([r, a]));
}

for (const personality of ["linux", "bsd", "posix", "wasi"] as const) {
  for (const [name, wait] of Object.entries(WAITS)) {
    test(`sim:${personality}: ${name}`, () => wakes(personality, name, wait));
  }
}

test.run();
