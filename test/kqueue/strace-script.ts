// The calls whose system calls strace.test.ts counts.

import {
  kevent,
  type Kevent,
  kqueue,
  KQ_EV_ADD as ADD,
  KQ_EV_CLEAR as CLEAR,
  KQ_EV_DELETE as DELETE,
  KQ_FILTER_READ as READ,
  KQ_FILTER_TIMER as TIMER,
  KQ_FILTER_USER as USER,
  KQ_NOTE_TRIGGER,
} from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { announce } from "../support/announced.ts";

/** A pipe to read from with a byte in it. */
function readable(): number {
  const [r, w] = os.pipe();
  os.write(w, "x");
  return r;
}

function queueWith(changes: readonly Kevent[]) {
  const queue = kqueue();
  queue.control(changes, 0);
  return queue;
}

const pipes = Array.from({ length: 2000 }, () => os.pipe()[0]);
const ready = Array.from({ length: 10 }, readable);
const readers = (fds: readonly number[]): Kevent[] => fds.map((fd) => kevent(fd));

const idle1 = queueWith(readers(pipes.slice(0, 1)));
const idle2000 = queueWith(readers(pipes));
const one = queueWith(readers(ready.slice(0, 1)));
const oneOfMany = queueWith(readers([...pipes, ...ready.slice(0, 1)]));
const ten = queueWith(readers([...pipes, ...ready]));
const tenInTurn = queueWith(readers([...pipes, ...ready]));
const edges = queueWith([]);
const users = queueWith(Array.from({ length: 5000 }, (_, i) => kevent(i, USER, ADD | CLEAR)));
const timer = queueWith([kevent(1, TIMER, ADD, 0, 2)]);
const timers = queueWith(Array.from({ length: 10_000 }, (_, i) => kevent(i, TIMER, ADD, 0, 2)));
const later = queueWith([kevent(1, TIMER, ADD, 0, 1000_000)]);

announce({
  "nothing ready of 1": () => idle1.control(null, 4, 0),
  "nothing ready of 2000": () => idle2000.control(null, 4, 0),
  "1 ready of 1": () => one.control(null, 4, 1),
  "1 ready of 2001": () => oneOfMany.control(null, 4, 1),
  "10 ready of 2010": () => ten.control(null, 16, 1),
  "10 ready, room for 1": () => tenInTurn.control(null, 1, 1),
  "one more reader": (i) => idle2000.control([kevent(ready[i] as number)], 0),
  "one reader less": (i) => idle2000.control([kevent(ready[i] as number, READ, DELETE)], 0),
  "10 edges added, reported and deleted": () => {
    edges.control(
      ready.map((fd) => kevent(fd, READ, ADD | CLEAR)),
      16,
      0,
    );
    edges.control(
      ready.map((fd) => kevent(fd, READ, DELETE)),
      0,
    );
  },
  "100 of 5000 user events": () => {
    users.control(
      Array.from({ length: 100 }, (_, i) => kevent(i, USER, 0, KQ_NOTE_TRIGGER)),
      100,
      0,
    );
  },
  "1 periodic timer": () => timer.control(null, 16_384, 1),
  "10000 periodic timers": () => timers.control(null, 16_384, 1),
  "1000 timers that are not the first": () =>
    later.control(
      [ADD, DELETE].flatMap((flags) =>
        Array.from({ length: 1000 }, (_, i) => kevent(i + 2, TIMER, flags, 0, 5000_000)),
      ),
      0,
    ),
});
