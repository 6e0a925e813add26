// An idle wait for input makes no periodic system call, on any thread, on the routes without the kernel's epoll.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { mkdtempSync, rmSync } from "../support/files.ts";
import { isThere } from "../support/traced.ts";

const SELECT = new URL("../../bindings/node/select.js", import.meta.url).href;
const SECONDS = 2;
/** More calls of one kind than a thread makes to begin a wait and to end it; 20 ms apart there would be a hundred. */
const MOST = 12;

const PROGRAM = `
  const { select, host } = await import(${JSON.stringify(SELECT)});
  const { writeSync } = await import("node:fs");
  select([0], [], [], 0);
  writeSync(2, "begin " + host.name);
  const found = select([0], [], [], ${SECONDS});
  writeSync(2, "end " + found[0].length);
  process.exit();`;

/** How many calls of each kind the threads of a process make while the program waits: "1234 futex". */
function callsOf(hostName: string, options: readonly string[]): Map<string, number> {
  const folder = mkdtempSync(join(tmpdir(), "omnipoll-"));
  const log = join(folder, "log");
  const env: NodeJS.ProcessEnv = { ...process.env, OMNIPOLL_HOST: hostName };
  delete env["LD_PRELOAD"];
  delete env["OMNIPOLL_ADDON"];
  const node = [process.execPath, ...options, "--input-type=module", "--eval", PROGRAM];
  // Standard input is a FIFO that has a writer, which writes nothing.
  const shell = `mkfifo ${folder}/in && exec 3<>${folder}/in && exec strace -f -o ${log} "$@" 0<&3`;
  const { status, stderr } = spawnSync("sh", ["-c", shell, "sh", ...node], {
    encoding: "utf8",
    env,
    timeout: 60_000,
  });
  assert.is(status, 0, stderr);
  const lines = readFileSync(log, "utf8").split("\n");
  rmSync(folder, { recursive: true });
  const begun = lines.findIndex((line) => line.includes(`write(2, "begin ${hostName}"`));
  const ended = lines.findIndex((line) => line.includes('write(2, "end 0"'));
  assert.ok(begun >= 0 && ended > begun, "the wait began and ended without an event");
  const counts = new Map<string, number>();
  for (const line of lines.slice(begun + 1, ended)) {
    const [, thread, call] = /^(\d+) +(\w+)\(/.exec(line) ?? [];
    if (call === undefined) continue;
    const key = `${thread} ${call}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

const ROUTES: ReadonlyArray<readonly [host: string, ...options: string[]]> = [
  ["wasi", "--no-addons"],
  ["standalone"],
  ["posix"],
];

for (const [host, ...options] of ROUTES) {
  const traced = isThere ? test : test.skip;
  traced(`${host}: ${SECONDS} seconds without input make no periodic call`, () => {
    const periodic = [...callsOf(host, options)].filter(([, count]) => count > MOST);
    assert.equal(periodic, []);
  });
}

test.run();
