// omnipoll wait with the sources that only kqueue has: signals, files, interfaces, and ends of processes.

import { spawn, spawnSync } from "node:child_process";
import { appendFileSync, linkSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { CLI, type Ended, omnipoll, type Running, start } from "../support/spawned.ts";

const APIS = ["epoll", "poll", "select", "kqueue", "devpoll"];
const folder = mkdtempSync(join(tmpdir(), "omnipoll-cli-"));
process.once("exit", () => rmSync(folder, { recursive: true }));

type Line = Record<string, unknown>;

function linesOf({ stdout }: Ended): Line[] {
  const texts = stdout.split("\n").filter((text) => text !== "");
  return texts.map((text) => JSON.parse(text) as Line);
}

/** The events, but for that of the timer which shows that the wait has begun. */
function storyOf(ended: Ended): unknown[] {
  return linesOf(ended)
    .map(({ happened }) => happened)
    .filter((text) => text !== "expired");
}

/** Starts to wait for `count` events of the sources, and has begun when it returns. */
async function waiting(api: string, count: number, ...sources: string[]): Promise<Running> {
  const args = ["wait", "--api", api, "--json", "--timeout", "60", "--count", String(count + 1)];
  const running = start([CLI, ...args, ...sources, "timer:0"]);
  await running.printed("expired");
  return running;
}

for (const api of APIS) {
  test(`${api}: signals, which do not end it`, async () => {
    const { child, ended, printed } = await waiting(api, 2, "signal:USR1", "signal:sigterm");
    child.kill("SIGUSR1");
    await printed("SIGUSR1");
    child.kill("SIGTERM");
    assert.equal(storyOf(await ended), ["received", "received"]);
    const [, first, second] = linesOf(await ended);
    assert.is(first?.["signal"], "SIGUSR1");
    assert.is(first?.["count"], 1);
    assert.equal(first?.["events"], ["KQ_FILTER_SIGNAL"]);
    assert.is(second?.["signal"], "SIGTERM");
    assert.is((await ended).status, 0);
  });

  test(`${api}: a file that is written, linked and deleted`, async () => {
    const path = join(folder, `${api}:file`);
    writeFileSync(path, "x");
    const source = `path:${path}:write,extend,link,delete`;
    const { ended, printed } = await waiting(api, 9, source);
    appendFileSync(path, "more");
    await printed("written");
    linkSync(path, `${path}2`);
    await printed("links changed");
    rmSync(`${path}2`);
    rmSync(path);
    const end = await ended;
    const story = storyOf(end);
    assert.is(story[0], "written, extended");
    assert.is(story[1], "links changed");
    assert.match(String(story.at(-1)), /deleted$/);
    assert.is(end.status, 0); // nothing more can come
    assert.equal(linesOf(end)[1]?.["events"], ["KQ_NOTE_WRITE", "KQ_NOTE_EXTEND"]);
    assert.is(linesOf(end)[1]?.["mask"], 6);
  });

  test(`${api}: how processes ended, children or not`, async () => {
    const exits = spawn("sh", ["-c", "read line; exit 3"], { stdio: ["pipe", "ignore", "ignore"] });
    const killed = spawn("sleep", ["120"]);
    const { ended } = await waiting(api, 2, `pid:${exits.pid}`, `pid:${killed.pid}`);
    exits.stdin?.end("go\n");
    killed.kill("SIGKILL");
    assert.equal(storyOf(await ended).sort(), ["exited with 3", "killed by SIGKILL"]);
    for (const line of linesOf(await ended)) {
      if (line["pid"] === exits.pid) assert.is(line["status"], 3);
      if (line["pid"] === killed.pid) assert.is(line["signal"], "SIGKILL");
    }
  });
}

test("with kqueue, an empty file is readable once it grows", async () => {
  const path = join(folder, "empty");
  writeFileSync(path, "");
  const { ended } = await waiting("kqueue", 1, `file:${path}`);
  appendFileSync(path, "more");
  assert.equal(storyOf(await ended), ["readable"]);
});

test("a source reports only the notes that it names", async () => {
  const path = join(folder, "quiet");
  writeFileSync(path, "x");
  const { ended, printed } = await waiting(
    "kqueue",
    2,
    `path:${path}:rename`,
    `path:${path}:write,delete`,
  );
  appendFileSync(path, "more");
  await printed("written");
  rmSync(path);
  const sources = linesOf(await ended)
    .slice(1)
    .map((line) => line["source"]);
  assert.equal([...new Set(sources)], [`path:${path}:write,delete`]);
});

test("the same signal twice, for people", async () => {
  const args = ["--timeout", "60", "--count", "3", "timer:0", "signal:USR2", "signal:SIGUSR2"];
  const { child, ended, printed } = start([CLI, "wait", ...args]);
  await printed("expired");
  child.kill("SIGUSR2");
  const { status, stdout } = await ended;
  assert.is(status, 0);
  assert.match(stdout, /signal:USR2 {2}received {2}KQ_FILTER_SIGNAL$/m);
  assert.match(stdout, /signal:SIGUSR2 {2}received {2}KQ_FILTER_SIGNAL$/m);
});

/** Runs a script in a network of its own, with a /sys that shows it; the machine's is left alone. */
function apart(script: string): ReturnType<typeof spawnSync> {
  const text = `mount -t sysfs none /sys && ip link add one type veth peer name two && { ${script}\n}`;
  return spawnSync("unshare", ["-n", "-m", "sh", "-c", text], { encoding: "utf8" });
}

/** Of a script: it goes on once `text` is in the file $out. */
const until = (text: string): string => `until grep -q "${text}" "$out"; do sleep 0.05; done`;

if (apart("true;").status === 0) {
  test("the link of an interface", () => {
    const omni = `"${process.execPath}" "${CLI}" wait --json --timeout 60 --count 9 timer:0 net:one`;
    // It waits once the timer has expired; a change that comes behind another one may hide it.
    const { stdout, stderr } = apart(`ip link set two up; out=$(mktemp); ${omni} >"$out" & pid=$!
      ${until("expired")}; ip link set one up; ${until("link up")}; ip link del one
      wait $pid; status=$?; cat "$out"; rm "$out"; echo $status`);
    const lines = String(stdout).trim().split("\n");
    assert.is(lines.pop(), "0", String(stderr));
    const story = lines.map((line) => (JSON.parse(line) as Line)["happened"]);
    assert.equal(story.slice(0, 2), ["expired", "link up"]);
    assert.match(String(story.at(-1)), /gone$/);
  });
} else {
  console.log("skip: the link of an interface (no namespaces, or no ip)");
}

/** Wrong arguments, and a part of the message about them. */
const WRONG: [source: string, ...texts: string[]][] = [
  ["signal:", '""', "not a signal"],
  ["signal:NOPE", '"NOPE"', "not a signal"],
  ["signal:99", '"99"', "not a signal"],
  ["signal:KILL", "SIGKILL"],
  ["path:", "a path is missing"],
  ["path:/no/such/file", "/no/such/file", "no such file"],
  [`path:${CLI}:writ`, '"writ"', "not a note"],
  ["path:/dev/null:write,", '""', "not a note"],
  ["net:", '""', "no such interface"],
  ["net:nope0", '"nope0"', "no such interface"],
  ["net:../lo", '"../lo"', "no such interface"],
  ["pid:2147483647", "no such process"],
];

test("wrong arguments: status 2 and one line that names them", async () => {
  const ends = await Promise.all(WRONG.map(([source]) => omnipoll(["wait", source])));
  ends.forEach(({ status, stdout, stderr }, i) => {
    assert.is(stdout, "");
    assert.match(stderr, /^omnipoll[^\n]*\n$/);
    for (const text of WRONG[i] ?? []) assert.ok(stderr.includes(text), `${stderr}: no ${text}`);
    assert.is(status, 2, stderr);
  });
  const { status, stderr } = await omnipoll(["wait", "--api", "kqueue", "fd:0:x"]);
  assert.is(status, 2);
  assert.match(stderr, /^omnipoll: fd:0:x: kqueue does not report urgent data\n$/);
});

test.run();
