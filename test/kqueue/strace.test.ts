// System calls of a queue, counted by strace: none per knote, one wait, one ioctl per event.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { TIMES } from "../support/announced.ts";
import { isThere, traced } from "../support/traced.ts";

const calls = isThere
  ? traced(new URL("strace-script.js", import.meta.url))
  : new Map<string, string[]>();
const counts = isThere ? test : test.skip;

/** How often each system call is made in all ten times. */
const EXPECTED: Record<string, Record<string, number>> = {
  "nothing ready of 1": { epoll_wait: TIMES },
  "nothing ready of 2000": { epoll_wait: TIMES },
  "1 ready of 1": { epoll_wait: TIMES, ioctl: TIMES },
  "1 ready of 2001": { epoll_wait: TIMES, ioctl: TIMES },
  "10 ready of 2010": { epoll_wait: TIMES, ioctl: 10 * TIMES },
  // One wait finds all ten; the calls that follow only test them again.
  "10 ready, room for 1": { epoll_wait: 1, ppoll: TIMES - 1, ioctl: TIMES },
  "one more reader": { fcntl: TIMES, fstat: TIMES, epoll_ctl: TIMES },
  "one reader less": { epoll_ctl: TIMES },
  "10 edges added, reported and deleted": {
    fcntl: 10 * TIMES,
    fstat: 10 * TIMES,
    epoll_ctl: 20 * TIMES,
    epoll_wait: TIMES,
    ioctl: 10 * TIMES,
  },
  "100 of 5000 user events": { epoll_wait: TIMES },
  "1 periodic timer": { epoll_wait: TIMES, timerfd_settime: TIMES },
  "10000 periodic timers": { epoll_wait: TIMES, timerfd_settime: TIMES },
  "1000 timers that are not the first": {},
};

/** Names of the calls, the same on every architecture and C library. */
function nameOf(call: string): string {
  const name = call.slice(0, call.indexOf("("));
  if (/^epoll_p?wait2?$/.test(name)) return "epoll_wait";
  return /^(newfstatat|statx|fstat64)$/.test(name) ? "fstat" : name;
}

for (const [name, expected] of Object.entries(EXPECTED)) {
  counts(`${name}: ${JSON.stringify(expected)}`, () => {
    const made: Record<string, number> = {};
    for (const call of calls.get(name) as string[]) {
      made[nameOf(call)] = (made[nameOf(call)] ?? 0) + 1;
    }
    assert.equal(made, expected, (calls.get(name) as string[]).join("\n"));
  });
}

counts("everything the script calls is expected", () => {
  assert.equal([...calls.keys()], Object.keys(EXPECTED));
});

test.run();
