// The filters READ and VNODE of files, where omnipoll/os alone cannot cause the events.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import type { Kqueue } from "../../bindings/kqueue.ts";
import type { Sim } from "../../bindings/sim/sim.ts";
import { onBoth } from "./personalities.ts";

const READ = -1;
const VNODE = -4;
const [ADD, CLEAR] = [0x1, 0x20];
const [NOTE_WRITE, NOTE_EXTEND, NOTE_RENAME] = [0x2, 0x4, 0x20];

type Seen = [ident: unknown, filter: number, fflags: number, data: unknown];

function take(queue: Kqueue, timeout = 0): Seen[] {
  return queue
    .control(null, 16, timeout)
    .map(({ ident, filter, fflags, data }) => [ident, filter, fflags, data]);
}

function add(sim: Sim, queue: Kqueue, fd: number, filter: number, flags = 0, fflags = 0): void {
  queue.control([sim.select.kevent(fd, filter, ADD | flags, fflags)], 0);
}

/** A file of ten bytes, open, and a queue. */
function tenBytes(sim: Sim): { queue: Kqueue; fd: number } {
  sim.files.writeFile("/tmp/ten", "0123456789");
  return { queue: sim.select.kqueue(), fd: sim.files.open("/tmp/ten", "r+") };
}

onBoth(
  "KQ-117: seeking back fires again, and seeking beyond the end is less than nothing",
  (sim) => {
    const { queue, fd } = tenBytes(sim);
    sim.os.read(fd, 10);
    add(sim, queue, fd, READ);
    assert.equal(take(queue), []);
    sim.files.lseek(fd, 4);
    assert.equal([take(queue), take(queue)], [[[fd, READ, 0, 6]], [[fd, READ, 0, 6]]]);
    sim.files.lseek(fd, 0, "end");
    assert.equal(take(queue), []);
    sim.files.lseek(fd, 12);
    assert.equal(take(queue), [[fd, READ, 0, -2]]);
  },
);

onBoth("KQ-117: a file that grows ends a wait", (sim) => {
  const { queue, fd } = tenBytes(sim);
  sim.os.read(fd, 10);
  add(sim, queue, fd, READ);
  sim.at(3, () => sim.files.writeFile("/tmp/ten", "abc", "a"));
  assert.equal(take(queue, 9), [[fd, READ, 0, 3]]);
  assert.is(sim.now(), 3);
});

onBoth("KQ-147: the knote of a file follows it to its new name, during a wait", (sim) => {
  const { queue, fd } = tenBytes(sim);
  add(sim, queue, fd, VNODE, CLEAR, NOTE_RENAME | NOTE_WRITE);
  sim.at(1, () => sim.files.rename("/tmp/ten", "/home/renamed"));
  sim.at(2, () => sim.files.writeFile("/home/renamed", "x", "a"));
  assert.equal(take(queue, 9), [[fd, VNODE, NOTE_RENAME, 0]]);
  assert.equal(take(queue, 9), [[fd, VNODE, NOTE_WRITE | NOTE_EXTEND, 0]]);
  assert.is(sim.now(), 2);
});

test.run();
