// System calls per call, counted by strace: no more than the call needs, which may be zero.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { TIMES } from "../support/announced.ts";
import { isThere, traced } from "../support/traced.ts";

const calls = isThere
  ? traced(new URL("strace-script.js", import.meta.url))
  : new Map<string, string[]>();
const counts = isThere ? test : test.skip;

/** The system calls of each call, ten times over; empty for a call without a system call. */
const EXPECTED: Record<string, RegExp | undefined> = {
  "epoll.poll ready": /^epoll_p?wait2?\(\d+,.*1000.*$/,
  "epoll.poll for ever": /^epoll_wait\(\d+,.*1023, -1|^epoll_pwait\(\d+,.*1023, -1, NULL/,
  "epoll.poll at once": /^epoll_p?wait\(\d+,.*1023, 0/,
  // CPython's unit is a millisecond, rounded up.
  "epoll.poll timeout": /^epoll_p?wait\(\d+,.*1023, 2/,
  "epoll.pollInto": /^epoll_p?wait\(\d+,.*32, 1000/,
  "epoll.register": /^epoll_ctl\(\d+, EPOLL_CTL_ADD, \d+, /,
  "epoll.modify": /^epoll_ctl\(\d+, EPOLL_CTL_MOD, \d+, /,
  "epoll.unregister": /^epoll_ctl\(\d+, EPOLL_CTL_DEL, \d+, /,
  "poll.poll ready": /^ppoll\(.*, 1, \{tv_sec=1, tv_nsec=0\}/,
  "poll.poll at once": /^ppoll\(.*, 0, \{tv_sec=0, tv_nsec=0\}/,
  "poll.poll timeout": /^ppoll\(.*, 0, \{tv_sec=0, tv_nsec=2000000\}/,
  "poll.pollInto": /^ppoll\(.*, 1, \{tv_sec=1, tv_nsec=0\}/,
  "poll.register": undefined,
  "poll.modify": undefined,
  "poll.unregister": undefined,
  "select ready": /^ppoll\(.*, 2, \{tv_sec=1, tv_nsec=0\}/,
  "select at once": /^ppoll\(.*, 1, \{tv_sec=0, tv_nsec=0\}/,
  "select timeout": /^ppoll\(.*, 1, \{tv_sec=0, tv_nsec=1100000\}/,
  // Microseconds are the unit of select(), nanoseconds that of the waist.
  "select rounds up": /^ppoll\(.*, 1, \{tv_sec=0, tv_nsec=2000\}/,
  "host.poll rounds up": /^ppoll\(.*, 0, \{tv_sec=0, tv_nsec=2\}/,
  "host.epoll_wait with a fraction": /^epoll_pwait2\(.*, 1, \{tv_sec=0, tv_nsec=300000\}/,
  "host.epoll_wait longer than an int": /^epoll_pwait2\(.*, 1, \{tv_sec=10000000, tv_nsec=0\}/,
};

for (const [name, expected] of Object.entries(EXPECTED)) {
  counts(`${name}: ${expected === undefined ? "no system call" : "one system call"}`, () => {
    const made = calls.get(name) as string[];
    assert.is(made.length, expected === undefined ? 0 : TIMES, made.join("\n"));
    for (const call of made) assert.match(call, expected as RegExp);
  });
}

counts("everything the script calls is expected", () => {
  assert.equal([...calls.keys()], Object.keys(EXPECTED));
});

test.run();
