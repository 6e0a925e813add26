// System calls per call, counted by strace: one where one is needed, none where none is.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";

const TIMES = 10;

function strace(...given: string[]): { status: number | null; stderr: string } {
  const env = { ...process.env };
  // Sanitizers do not live in a process that is traced.
  delete env["LD_PRELOAD"];
  delete env["OMNIPOLL_ADDON"];
  return spawnSync("strace", given, { encoding: "utf8", env, timeout: 60_000 });
}

const isThere = strace("-o", "/dev/null", "true").status === 0;
if (!isThere) process.stdout.write("skip: strace is not installed or may not trace here\n");

/** What the memory of V8 and its other threads need now and then. */
const HOUSEKEEPING = /^(madvise|mmap|munmap|mprotect|futex|brk|getpid|sched_yield|membarrier)\(/;

/** The system calls of the main thread between the lines that name what was called. */
function traced(): Map<string, string[]> {
  const folder = mkdtempSync(join(tmpdir(), "omnipoll-"));
  const log = join(folder, "log");
  const script = fileURLToPath(new URL("strace-script.js", import.meta.url));
  const { status, stderr } = strace("-f", "-s", "80", "-o", log, process.execPath, script);
  assert.is(status, 0, stderr);
  const lines = readFileSync(log, "utf8").split("\n");
  rmSync(folder, { recursive: true });
  const thread = lines.find((line) => line.includes('write(2, "begin'))?.split(" ")[0];

  const calls = new Map<string, string[]>();
  let current: string[] | undefined;
  for (const line of lines) {
    const [, from, call] = /^(\d+) +(.*)$/.exec(line) ?? [];
    if (from !== thread || call === undefined) continue;
    const [, rest] = /^<\.\.\. \w+ resumed>(.*)$/.exec(call) ?? [];
    const [, edge, name] = /^write\(2, "(begin|end) (.*)\\n"/.exec(call) ?? [];
    if (edge === "begin") calls.set(name as string, (current = []));
    else if (edge === "end") current = undefined;
    else if (current === undefined) continue;
    else if (rest !== undefined) current.push((current.pop() ?? "") + rest);
    else current.push(call.replace(/ <unfinished \.\.\.>$/, ""));
  }
  for (const [name, made] of calls) {
    calls.set(
      name,
      made.filter((call) => !HOUSEKEEPING.test(call)),
    );
  }
  return calls;
}

const calls = isThere ? traced() : new Map<string, string[]>();
const counts = isThere ? test : test.skip;

/** What each call must be, ten times over; nothing for those without a system call. */
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
