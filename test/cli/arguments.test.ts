// The arguments of omnipoll: refusals, help, and what doctor says of each host.

import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { CLI, type Ended, omnipoll } from "../support/spawned.ts";

const APIS = ["epoll", "poll", "select", "kqueue", "devpoll"] as const;
const folder = mkdtempSync(join(tmpdir(), "omnipoll-cli-"));
process.once("exit", () => rmSync(folder, { recursive: true }));

/** Asserts a refusal: one line on standard error that has `texts` in it, and nothing else. */
function assertRefused({ status, stdout, stderr }: Ended, expected: number, texts: string[]): void {
  assert.is(stdout, "");
  assert.match(stderr, /^omnipoll[^\n]*\n$/);
  for (const text of texts) assert.ok(stderr.includes(text), `${stderr} has no ${text}`);
  assert.is(status, expected, stderr);
}

/** Wrong arguments, and a part of the message about them. */
const WRONG: [args: string[], ...texts: string[]][] = [
  [[], "command"],
  [["juggle"], "juggle"],
  [["demo", "now"], "demo"],
  [["wait"], "a source is missing"],
  [["wait", "--bogus", "stdin"], "--bogus"],
  [["wait", "--api", "iocp", "stdin"], "--api", "iocp"],
  [["wait", "--timeout", "soon", "stdin"], "--timeout", '"soon"'],
  [["wait", "--timeout", "-1", "stdin"], "--timeout", '"-1"'],
  [["wait", "--timeout"], "--timeout"],
  [["wait", "--count", "0", "stdin"], "--count", "'0'"],
  [["wait", "--count", "1.5", "stdin"], "--count", "'1.5'"],
  [["wait", "socket:3"], '"socket:3"'],
  [["wait", "toString:3"], '"toString:3"'],
  [["wait", ""], '""'],
  [["wait", "stdin:r"], "stdin:r"],
  [["wait", "fd:"], "fd:", '""'],
  [["wait", "fd:x"], '"x"'],
  [["wait", "fd:-1"], '"-1"'],
  [["wait", "fd:0:q"], '"0:q"'],
  [["wait", "fd:1023"], "fd:1023", "descriptor 1023"],
  [["wait", "fd:8"], "fd:8", "descriptor 8"],
  [["wait", "file:"], "file:"],
  [["wait", "file:/no/such/file"], "/no/such/file", "no such file"],
  [["wait", "fifo:/no/such/fifo"], "/no/such/fifo", "no such file"],
  [["wait", `fifo:${CLI}`], CLI, "not a FIFO"],
  [["wait", "tcp:localhost"], "tcp:localhost"],
  [["wait", "tcp::80"], "tcp::80", "host"],
  [["wait", "tcp:localhost:0"], "tcp:localhost:0", "range"],
  [["wait", "tcp:localhost:65536"], "65536", "range"],
  [["wait", "tcp:localhost:http"], '"http"'],
  [["wait", "tcp:::1:80"], "tcp:::1:80", "brackets"],
  [["wait", "tcp:[nope]:80"], '"nope"'],
  [["wait", "tcp:no-such-host.invalid:80"], '"no-such-host.invalid"'],
  [["wait", "listen:"], "listen:", '""'],
  [["wait", "listen:70000"], "70000", "range"],
  [["wait", "listen:192.0.2.1:8080"], "192.0.2.1", "cannot assign"],
  [["wait", "timer:"], "timer:", '""'],
  [["wait", "timer:5d"], '"5d"'],
  [["wait", "pid:"], "pid:", '""'],
  [["wait", "pid:0"], '"0"'],
  [["wait", "pid:me"], '"me"'],
  [["wait", "pid:2147483647"], "pid:2147483647", "no such process"],
];

test("wrong arguments: status 2 and one line that names them", async () => {
  for (let i = 0; i < WRONG.length; i += 6) {
    const some = WRONG.slice(i, i + 6);
    const ends = await Promise.all(some.map(([args]) => omnipoll(args)));
    ends.forEach((ended, k) => assertRefused(ended, 2, some[k]?.slice(1) as string[]));
  }
});

test("a port that is taken", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const source = `listen:127.0.0.1:${(server.address() as AddressInfo).port}`;
  assertRefused(await omnipoll(["wait", source]), 2, [source, "address already in use"]);
  server.close();
});

test("--help and --version", async () => {
  const help = await omnipoll(["wait", "--help"]);
  assert.is(help.status, 0);
  for (const text of ["tcp:HOST:PORT", "--timeout", "Exit status", "Examples"]) {
    assert.ok(help.stdout.includes(text), text);
  }
  assert.ok(help.stdout.split("\n").every((line) => line.length <= 80));
  assert.match((await omnipoll(["--version"])).stdout, /^\d+\.\d+\.\d+\n$/);
  assert.match((await omnipoll(["--help"])).stdout, /wait.*\n.*doctor.*\n.*demo/);
});

test("doctor prints the host, and the way in which it serves each API", async () => {
  const [people, json] = await Promise.all([omnipoll(["doctor"]), omnipoll(["doctor", "--json"])]);
  assert.is(people.status, 0, people.stderr);
  assert.match(people.stdout, /^host +\w+, as the platform is/m);
  assert.match(people.stdout, /^select +translated/m);
  const found = JSON.parse(json.stdout) as { host: string; apis: Record<string, object> };
  assert.is(found.host, process.env["OMNIPOLL_HOST"] || process.platform);
  assert.match(people.stdout, /^kqueue +translated, by the core, over epoll/m);
  assert.match(people.stdout, /^devpoll +translated, by the core, over poll$/m);
  assert.match(people.stdout, /^processes +kqueue reports exit/m);
  for (const api of APIS) assert.is((found.apis[api] as { works: boolean }).works, true);
});

test("doctor says how other hosts serve them", async () => {
  const KERNEL = "the simulated kernel's";
  const expected = {
    posix: ["native, by the kernel's poll", "over poll", "over poll"],
    standalone: ["native, by the kernel's poll", "over poll", "over poll"],
    "sim:linux": [`simulated, by ${KERNEL} poll`, `by ${KERNEL} epoll`, "over epoll, timerfd"],
    "sim:bsd": [`simulated, by ${KERNEL} poll`, "the core, over kqueue", `by ${KERNEL} kqueue`],
    "sim:posix": [`simulated, by ${KERNEL} poll`, "over poll", "over poll"],
    "sim:wasi": [`simulated, by ${KERNEL} poll_oneoff`, "over poll", "over poll"],
  };
  for (const [host, services] of Object.entries(expected)) {
    const { status, stdout } = await omnipoll(["doctor"], { env: { OMNIPOLL_HOST: host } });
    assert.is(status, 0, host);
    assert.match(stdout, `host       ${host}, as OMNIPOLL_HOST says`);
    for (const [i, api] of ["poll", "epoll", "kqueue"].entries()) {
      const line = new RegExp(`^${api} +(.*)$`, "m").exec(stdout)?.[1] ?? "";
      assert.ok(line.includes(services[i] as string), `${host}: ${api} ${line}`);
    }
    assert.not.match(stdout, /^processes/m);
    assert.not.match(stdout, /epoll_pwait2/);
  }
});

test("without the addon of the host that is asked for, every command fails with one line", async () => {
  const addon = join(folder, "missing.node");
  const broken = join(folder, "broken.node");
  writeFileSync(broken, "no shared library");
  for (const [env, text] of [
    [{ OMNIPOLL_ADDON: addon, OMNIPOLL_HOST: "linux" }, addon],
    [{ OMNIPOLL_ADDON: broken, OMNIPOLL_HOST: "posix" }, broken],
    [{ OMNIPOLL_HOST: "beos" }, '"beos"'],
  ] as const) {
    for (const args of [["wait", "stdin"], ["demo"]]) {
      assertRefused(await omnipoll(args, { env }), 1, [text]);
    }
    const doctor = await omnipoll(["doctor", "--json"], { env });
    assertRefused({ ...doctor, stdout: "" }, 1, [text]);
    const found = JSON.parse(doctor.stdout) as { problem: string; node: string };
    assert.ok(found.problem.includes(text));
    assert.is(found.node, process.version);
  }
});

test.run();
