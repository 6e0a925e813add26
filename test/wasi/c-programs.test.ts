// The compiled C programs of wasi/guests that use epoll, kqueue, eventfd and timerfd.

import { join } from "node:path";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { CAPABILITY_KQUEUE, CAPABILITY_SOURCES } from "../../asm/abi.ts";
import * as os from "../../bindings/node/os.ts";
import { host } from "../../bindings/node/select.ts";
import { scoped } from "../support/descriptors.ts";
import { inThread } from "../support/expect.ts";
import { newFolder, openSync } from "../support/files.ts";
import { sim } from "../support/world.ts";
import { HAS_JSPI } from "./jspi-stack.ts";
import { waited, waitingStreams } from "./poll-wait.ts";
import { type Ended, nodeRuntime, runProgram, startProgram } from "./program.ts";

/** The number of a regular file of the guest. */
const FILE = 20;

const file = { fd: 0, poll: false } as const;

/** The smallest runtime, and on the real kernel Node's own. */
const RUNTIMES = [
  ["", undefined],
  ...(sim === undefined ? ([[" in node:wasi", nodeRuntime]] as const) : []),
] as const;

/** Runs a program of rows, each of which prints "ok" or why it failed. */
function rows(program: string, count: number): void {
  const args = [String(FILE)];
  const fds = new Map([[FILE, file]]);
  test(`every row of ${program}.c holds`, async () =>
    check(await runProgram(program, args, fds), count));
  if (HAS_JSPI) {
    test(`every row of ${program}.c holds in a guest that is suspended`, async () =>
      check(await (await startProgram(program, { args, fds })).ended, count));
  }
  if (sim !== undefined) return;
  test(`every row of ${program}.c holds in node:wasi`, async () =>
    check(await runProgram(program, args, fds, nodeRuntime), count));
}

function check({ code, output }: Ended, count: number): void {
  const lines = output.trimEnd().split("\n");
  assert.equal(
    lines.filter((line) => !line.startsWith("ok ")),
    [],
  );
  assert.is(lines.length, count);
  assert.is(code, 0);
}

rows("epoll-checks", 17);
rows("kqueue-checks", 14);
rows("counter-checks", 11);

test("the example of eventfd(2) adds its arguments", async () => {
  const { code, output } = await runProgram("eventfd-sum", ["1", "2", "0x10"]);
  assert.is(
    output,
    "Writing 1 to efd\nWriting 2 to efd\nWriting 0x10 to efd\nCompleted write loop\n" +
      "Read 19 (0x13) from efd\n",
  );
  assert.is(code, 0);
});

test("the example of timerfd_create(2) reads its expirations", async () => {
  const { code, output } = await runProgram("timerfd-demo", ["5", "5", "4"]);
  assert.is(output, "timer started\ntotal >= 4: yes\n");
  assert.is(code, 0);
});

test(
  "the server of epoll(7) echoes what its clients send",
  scoped(async (s) => {
    const listener = s.listener();
    const address = os.getsockname(listener) as [string, number];
    const texts = ["one", "two".repeat(1000), "three"];
    const clients = texts.map((text) => {
      const client = s.own(os.socket(os.AF_INET, os.SOCK_STREAM));
      os.connect(client, address);
      os.send(client, text);
      os.shutdown(client, os.SHUT_WR);
      return client;
    });
    const args = ["7", String(clients.length)];
    const { code, output } = await runProgram(
      "epoll-server",
      args,
      new Map([[7, os.dup(listener)]]),
    );
    assert.is(output, "listening\ndone\n");
    assert.is(code, 0);
    for (const [i, client] of clients.entries()) {
      let echoed = "";
      for (let more = "x"; more !== ""; echoed += more) more = os.recv(client, 4096).toString();
      assert.is(echoed, texts[i]);
    }
  }),
);

/** What the program prints whose sleeps are all long enough. */
const SLEPT = `nanosleep: 0, slept
left: 7 s 7 ns
nanosleep of nothing: 0, slept
nanosleep of 300 us: 0, slept
nanosleep of 1e9 ns: -1, EINVAL 1
usleep: 0, slept
sleep: 0, slept
clock_nanosleep, monotonic: 0, slept
clock_nanosleep, monotonic, until a time: 0, slept
clock_nanosleep, monotonic, until a past time: 0
clock_nanosleep, realtime: 0, slept
clock_nanosleep, realtime, until a time: 0, slept
clock_nanosleep, realtime, until a past time: 0
poll of nothing: 0, slept
select of nothing: 0, slept
`;

for (const [where, runtime] of RUNTIMES) {
  test(`nanosleep, usleep, sleep and clock_nanosleep of C sleep${where}`, async () => {
    const { code, output } = await runProgram("sleep", [], new Map(), runtime);
    assert.is(output, SLEPT);
    assert.is(code, 0);
  });

  test(
    `ioctl(FIONREAD) of C tells how much waits${where}`,
    scoped(async (s) => {
      const told = async (from: number, into: number): Promise<string> => {
        os.write(into, "hello");
        s.close(into);
        const fds = new Map([[5, os.dup(from)]]);
        return (await runProgram("fionread", ["5"], fds, runtime)).output;
      };
      const expected = "closed: -1 Bad file descriptor\n5 waiting, 2 after 3: hello\nend: 0\n";
      assert.is(await told(...s.pipe()), expected);
      assert.is(await told(...s.socketpair()), expected);
      assert.is(await told(...s.tcp()), expected);
    }),
  );

  test(
    `a server over poll(2) passes on what its clients send${where}`,
    scoped(async (s) => {
      const listener = s.listener();
      const address = os.getsockname(listener) as [string, number];
      const texts = ["one\ntw", "alpha\n", `${"x".repeat(300)}\ny\n`];
      const clients = texts.map((text) => {
        const client = s.own(os.socket(os.AF_INET, os.SOCK_STREAM));
        os.connect(client, address);
        os.send(client, text);
        os.shutdown(client, os.SHUT_WR);
        return client;
      });
      const fds = new Map([[7, os.dup(listener)]]);
      const args = ["7", String(clients.length)];
      const { code, output } = await runProgram("poll-server", args, fds, runtime);
      assert.is(output, "listening\n3 clients\n");
      assert.is(code, 0);
      const received = clients.map((client) => {
        let text = "";
        for (let more = "x"; more !== ""; text += more) more = os.recv(client, 4096).toString();
        return text.split("\n").sort();
      });
      const one = ["1: one", "1: tw"];
      const two = ["2: alpha"];
      // The server reads 256 bytes at once, and passes on a longer line in parts.
      const three = [`3: ${"x".repeat(256)}3: ${"x".repeat(44)}`, "3: y"];
      assert.equal(
        received.map((lines) => lines.join("").replaceAll(/(?=\d: )/g, "\n")),
        [
          [...two, ...three],
          [...one, ...three],
          [...one, ...two],
        ].map((lines) => lines.join("").replaceAll(/(?=\d: )/g, "\n")),
      );
    }),
  );
}

test(
  "a program waits for its standard input: idle, with bytes, at its end",
  scoped(async (s) => {
    const { streams, output } = await waitingStreams(s);
    const fds = new Map([
      [0, os.dup(streams.stdin)],
      [1, os.dup(streams.stdout)],
      [2, os.dup(streams.stderr)],
    ]);
    const { code } = await runProgram("poll-wait", [], fds);
    assert.is(code, 0);
    assert.is(await output(), waited());
  }),
);

test(
  "the example of kqueue(2) sees a write to its file",
  scoped(async (s) => {
    const path = join(newFolder(), "file");
    const fd = s.own(openSync(path, "a"));
    // The program is not told of a write before it watches.
    const ended = new Int32Array(new SharedArrayBuffer(4));
    const { done } = await inThread(
      20,
      "while (Atomics.load(data.ended, 0) === 0) { os.write(data.fd, 'x'); sleep(20); }",
      { fd, ended },
    );
    const watched = new Map([[9, openSync(path, "r")]]);
    const { code, output } = await runProgram("kqueue-watch", ["9", "1"], watched);
    Atomics.store(ended, 0, 1);
    await done;
    if (host.capabilities() & (CAPABILITY_SOURCES | CAPABILITY_KQUEUE)) {
      assert.is(output, "watching\nSomething was written in '9'\n");
      assert.is(code, 0);
    } else {
      assert.match(output, /^kevent register: /);
      assert.is(code, 1);
    }
  }),
);

test.run();
