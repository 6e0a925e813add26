// omnipoll wait: every source, and every exit status. arguments.test.ts has the wrong arguments.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { mkfifo } from "../../bindings/node/os.ts";
import {
  CLI,
  type Ended,
  hasTerminal,
  omnipoll,
  onTerminal,
  pause,
  shell,
  start,
} from "../support/spawned.ts";

const APIS = ["epoll", "poll", "select", "kqueue", "devpoll"] as const;

/** The name of input in each API. */
const INPUT = {
  epoll: "EPOLLIN",
  poll: "POLLIN",
  select: "rlist",
  kqueue: "KQ_FILTER_READ",
  devpoll: "POLLIN",
};
const folder = mkdtempSync(join(tmpdir(), "omnipoll-cli-"));
process.once("exit", () => rmSync(folder, { recursive: true }));

/** One line of `--json`. */
interface Line {
  readonly source: string;
  readonly happened: string;
  readonly events: string[];
  readonly mask: number;
  readonly elapsed_ms: number;
  readonly peer?: string;
  readonly pid?: number;
}

function linesOf({ stdout }: Ended): Line[] {
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line);
}

/** The events, each with its source, in short. */
function storyOf(ended: Ended): string[] {
  return linesOf(ended).map(({ source, happened }) => `${source} ${happened}`);
}

/** A port without a listener. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Whether a connection is accepted, and then closed. */
function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1").resume();
    socket.on("error", () => resolve(false));
    socket.on("end", () => resolve(true));
  });
}

for (const api of APIS) {
  const wait = ["wait", "--api", api, "--json"];

  test(`${api}: stdin has data, and is left unread`, async () => {
    const ended = await shell(
      // The writer stays until the wait is over, however long it takes to begin.
      `over="$(mktemp -u)"; { sleep 0.2; echo hello; until [ -e "$over" ]; do sleep 0.05; done; } |
       { omnipoll ${wait.join(" ")} stdin; touch "$over"; cat; }; rm "$over"`,
    );
    const [first = "", ...rest] = ended.stdout.split("\n");
    const line = JSON.parse(first) as Line;
    assert.is(line.happened, "readable");
    assert.equal(line.events, [INPUT[api]]);
    assert.is(line.mask, 1);
    assert.equal(rest, ["hello", ""]);
  });

  test(`${api}: stdin that ends, a file, /dev/null, and a closed stdin`, async () => {
    const hung = api === "select" ? "readable" : "hung up";
    assert.equal(storyOf(await shell(`: | { sleep 0.1; omnipoll ${wait.join(" ")} stdin; }`)), [
      `stdin ${hung}`,
    ]);
    for (const from of ["</dev/null", `<"${CLI}"`, "<&-"]) {
      const ended = await shell(`omnipoll ${wait.join(" ")} stdin ${from}`);
      assert.equal(storyOf(ended), ["stdin readable"], from);
      assert.is(ended.status, 0);
    }
  });

  test(`${api}: a source that stays ready is not reported again`, async () => {
    const args = [...wait, "--count", "9", "--timeout", "0.7", "stdin", "timer:0.3"];
    const { child, ended } = start([CLI, ...args]);
    child.stdin?.write("one\n");
    assert.equal(storyOf(await ended), ["stdin readable", "timer:0.3 expired"]);
    assert.is((await ended).status, 124);
  });

  test(`${api}: a descriptor to read, to write, and both`, async () => {
    const args = `${wait.join(" ")} --timeout 10 --count 3 fd:3 fd:4:w fd:5:rw`;
    mkfifo(join(folder, `${api}-fd`));
    const ended = await shell(`echo x | { omnipoll ${args} 3<&0 4>/dev/null 5<>"$FIFO"; }`, {
      FIFO: join(folder, `${api}-fd`),
    });
    assert.is(ended.status, 0, ended.stderr);
    const story = storyOf(ended).sort();
    assert.match(story[0] ?? "", /^fd:3 readable/);
    assert.equal(story.slice(1), ["fd:4:w writable", "fd:5:rw writable"]);
  });

  test(`${api}: a FIFO, whose writers come and go`, async () => {
    const path = join(folder, `${api}-fifo`);
    mkfifo(path);
    const running = start([CLI, ...wait, "--timeout", "60", `fifo:${path}`]);
    const writer = spawn("sh", ["-c", 'echo x > "$0"', path]);
    const ended = await running.ended;
    assert.match(storyOf(ended)[0] ?? "", /readable/);
    assert.is(ended.status, 0);
    writer.kill();
  });

  test(`${api}: a server that comes up late, and one that is there`, async () => {
    const port = await freePort();
    const source = `tcp:localhost:${port}`;
    const late = start([CLI, ...wait, "--timeout", "60", source]);
    await pause(600);
    const server = createServer((peer) => peer.destroy()).listen(port, "127.0.0.1");
    const ended = await late.ended;
    const there = await omnipoll([...wait, "--timeout", "60", source]);
    server.close();
    assert.equal(storyOf(ended), [`${source} connected`]);
    assert.is(linesOf(ended)[0]?.peer, `127.0.0.1:${port}`);
    assert.equal(storyOf(there), [`${source} connected`]);
  });

  test(`${api}: connections, each of which is accepted and closed`, async () => {
    const port = await freePort();
    const source = `listen:127.0.0.1:${port}`;
    const running = start([CLI, ...wait, "--timeout", "60", "--count", "3", source]);
    for (let taken = 0; taken < 3;) {
      if (await isTaken(port)) taken++;
      else await pause(50); // it does not listen yet
    }
    const ended = await running.ended;
    assert.is(ended.status, 0);
    const lines = linesOf(ended);
    assert.is(lines.length, 3);
    for (const { happened, peer } of lines) {
      assert.match(peer ?? "", /^127\.0\.0\.1:\d+$/);
      assert.is(happened, `connection from ${peer}`);
    }
  });

  test(`${api}: a timer, and a time that is over first`, async () => {
    const ended = await omnipoll([...wait, "--timeout", "10s", "timer:250ms"]);
    assert.equal(storyOf(ended), ["timer:250ms expired"]);
    const [line] = linesOf(ended);
    assert.ok((line?.elapsed_ms ?? 0) >= 250);
    assert.equal(line?.events, []);
    assert.is(line?.mask, 0);

    const over = await omnipoll([...wait, "--timeout", "250ms", "timer:10s"]);
    assert.is(over.status, 124);
    assert.is(over.stdout + over.stderr, "");
    assert.ok(over.ms >= 250);
  });

  test(`${api}: the end of a process that is no child`, async () => {
    const child = spawn("sleep", ["120"]);
    const source = `pid:${child.pid}`;
    const running = start([CLI, ...wait, "--timeout", "60", "--count", "2", "timer:0", source]);
    await running.printed("expired");
    child.kill();
    const ended = await running.ended;
    assert.equal(storyOf(ended), ["timer:0 expired", `${source} killed by SIGTERM`]);
    assert.is(linesOf(ended)[1]?.pid, child.pid);
  });
}

test("with epoll, new input behind old is reported, and so is the end", async () => {
  const args = ["wait", "--json", "--count", "9", "--timeout", "60", "stdin", "timer:0"];
  const { child, ended, printed } = start([CLI, ...args]);
  await printed("expired");
  child.stdin?.write("a");
  await printed("readable");
  child.stdin?.write("b");
  await printed("readable", 2);
  child.stdin?.end();
  const story = storyOf(await ended).slice(1);
  assert.equal(story.slice(0, 2), ["stdin readable", "stdin readable"]);
  // Node's pipe is a socket, of which the end may be seen in two steps.
  assert.is(story.at(-1), "stdin readable, hung up");
  assert.is((await ended).status, 0); // nothing more can come
});

test("several at once, the first of which ends it", async () => {
  const ended = await omnipoll([
    "wait",
    "--json",
    "timer:30",
    "timer:0.1",
    "listen:127.0.0.1:65533",
  ]);
  assert.equal(storyOf(ended), ["timer:0.1 expired"]);
});

test("the same descriptor twice", async () => {
  const ended = await shell("omnipoll wait --json --count 2 stdin fd:0 </dev/null");
  assert.equal(storyOf(ended), ["stdin readable", "fd:0 readable"]);
});

test("regular files and directories are ready at once", async () => {
  // To kqueue a directory has nothing to read.
  for (const api of APIS.filter((other) => other !== "kqueue")) {
    const args = ["wait", "--api", api, "--json", "--count", "9", `file:${CLI}`, `file:${folder}`];
    const ended = await omnipoll(args);
    assert.equal(storyOf(ended), [`file:${CLI} readable`, `file:${folder} readable`]);
    assert.is(ended.status, 0);
  }
});

test("lines for people", async () => {
  const ended = await shell("omnipoll wait --count 2 stdin timer:0 </dev/null");
  assert.match(ended.stdout, /^ +\d+\.\d{3} s {2}stdin {2}readable {2}EPOLLIN$/m);
  assert.match(ended.stdout, /^ +\d+\.\d{3} s {2}timer:0 {2}expired$/m);
});

test("IPv6 in brackets", async () => {
  const server = createServer((peer) => peer.destroy());
  server.on("error", () => {});
  server.listen(0, "::1");
  const listens = await Promise.race([
    once(server, "listening").then(() => true),
    once(server, "close").then(() => false),
  ]);
  if (!listens) return console.log("skip: no IPv6 on this machine");
  const source = `tcp:[::1]:${(server.address() as AddressInfo).port}`;
  assert.equal(storyOf(await omnipoll(["wait", "--json", "--timeout", "60", source])), [
    `${source} connected`,
  ]);
  server.close();
});

test("standard input is left as it was: blocking", async () => {
  const os = new URL("../../bindings/node/os.js", import.meta.url).href;
  const ask = `import("${os}").then((os) => console.log(os.get_blocking(0)))`;
  const ended = await shell(
    `sleep 1 | { omnipoll wait --timeout 0.1 stdin fd:0:rw; "${process.execPath}" -e '${ask}'; }`,
  );
  assert.ok(ended.stdout.endsWith("true\n"), ended.stdout);
});

test("a reader of standard output that goes away ends it quietly", async () => {
  const ended = await shell(
    "{ omnipoll wait --count 2 timer:0 timer:0.5; echo status $? >&2; } | { read line; echo got; }",
  );
  assert.is(ended.stdout, "got\n");
  assert.is(ended.stderr, "status 0\n");
});

test("a signal ends it as it ends any program", async () => {
  const { child, ended, printed } = start([CLI, "wait", "--count", "2", "timer:0", "timer:60"]);
  await printed("expired");
  child.kill("SIGTERM");
  assert.is((await ended).signal, "SIGTERM");
});

if (hasTerminal) {
  test("a terminal", async () => {
    const ended = await onTerminal(
      `"${process.execPath}" "${CLI}" wait --timeout 60 stdin && read line && echo "got $line"`,
      "typed\n",
      600,
    );
    assert.match(ended.stdout, /stdin {2}readable {2}EPOLLIN\n/);
    assert.match(ended.stdout, /got typed\n/);
  });
} else {
  console.log("skip: waiting for a terminal (script of util-linux is missing)");
}

test.run();
