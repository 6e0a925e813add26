// Which event masks epoll reports for which state of which file. EPO-073 to 102, 125.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";

import { release } from "node:os";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  EPOLLERR as ERR,
  EPOLLET as ET,
  EPOLLEXCLUSIVE as EXCLUSIVE,
  EPOLLHUP as HUP,
  EPOLLIN as IN,
  EPOLLONESHOT as ONESHOT,
  EPOLLOUT as OUT,
  EPOLLPRI as PRI,
  EPOLLRDHUP as RDHUP,
  EPOLLRDNORM as RDNORM,
  EPOLLWAKEUP as WAKEUP,
  EPOLLWRBAND as WRBAND,
  type Epoll,
} from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { maskFrom, type Scope, scoped, settle, settleBytes } from "../support/descriptors.ts";
import { assertTook, timed } from "../support/expect.ts";
import { constants } from "../support/files.ts";
import { BEYOND_DEADLINE, blockUntil } from "../support/world.ts";

const NVAL = 0x20;
const [SO_OOBINLINE, SO_RCVLOWAT] = [10, 18];
const [ECONNRESET, ECONNREFUSED] = [104, 111];
const EVERYTHING = IN | OUT | PRI | RDHUP;

/** Asserts that the only event has a mask, once the bytes that were sent have arrived. */
function assertArrives(e: Epoll, mask: number): void {
  let found = -1;
  blockUntil(() => (found = maskFrom(e.poll(0))) === mask);
  assert.is(found, mask);
}

const errorOf = (fd: number): number => os.getsockopt(fd, os.SOL_SOCKET, os.SO_ERROR);

test(
  "EPO-073: of a readable pipe only the bits of the mask are reported",
  scoped((s) => {
    const [r, w] = s.pipe();
    os.write(w, "x");
    const e = s.epoll([r, RDNORM]);
    assert.equal(e.poll(0), [[r, RDNORM]]);
    e.modify(r, IN);
    assert.equal(e.poll(0), [[r, IN]]);
    e.modify(r, PRI);
    assert.equal(e.poll(0), []);
  }),
);

test(
  "EPO-074: with a mask of 0 a hangup is reported again and again",
  scoped((s) => {
    const [r, w] = s.pipe();
    const e = s.epoll([r, 0]);
    os.write(w, "x");
    assert.equal(e.poll(0), []);
    s.close(w);
    assert.equal(e.poll(0), [[r, HUP]]);
    assert.equal(e.poll(0), [[r, HUP]]);
  }),
);

test(
  "EPO-075: bits that say how to report are not reported",
  scoped((s) => {
    const [r, w] = s.pipe();
    os.write(w, "x");
    for (const how of [ET, ONESHOT, EXCLUSIVE, WAKEUP, ET | ONESHOT | WAKEUP]) {
      assert.equal(s.epoll([r, IN | how]).poll(0), [[r, IN]]);
    }
  }),
);

test(
  "EPO-076: NVAL is never reported: closing removes the registration",
  scoped((s) => {
    const [r, w] = s.pipe();
    os.write(w, "x");
    const e = s.epoll([r, IN | NVAL]);
    assert.equal(e.poll(0), [[r, IN]]);
    s.close(r);
    assert.equal(e.poll(0), []);
  }),
);

test(
  "EPO-078: a pipe has no RDHUP, only HUP",
  scoped((s) => {
    const [r, w] = s.pipe();
    const e = s.epoll([r, RDHUP]);
    assert.equal(e.poll(0), []);
    s.close(w);
    assert.equal(e.poll(0), [[r, HUP]]);
  }),
);

test(
  "EPO-079: a writable Unix socket has WRBAND, a TCP socket has not",
  scoped((s) => {
    const [a] = s.socketpair();
    assert.equal(s.epoll([a, WRBAND]).poll(0), [[a, WRBAND]]);
    const [b] = s.tcp();
    assert.equal(s.epoll([b, WRBAND]).poll(0), []);
    assert.equal(s.epoll([b, OUT]).poll(0), [[b, OUT]]);
  }),
);

test(
  "EPO-080: the write end of a pipe without a reader is OUT and ERR",
  scoped((s) => {
    const [r, w] = s.pipe();
    const e = s.epoll([w, OUT]);
    s.close(r);
    assert.equal(e.poll(0), [[w, OUT | ERR]]);
    e.modify(w, 0);
    assert.equal(e.poll(0), [[w, ERR]]);
  }),
);

test(
  "EPO-082: a fresh stream socket is OUT and HUP",
  scoped((s) => {
    const unix = s.own(os.socket(os.AF_UNIX, os.SOCK_STREAM));
    for (const fd of [s.socket(), unix]) {
      const e = s.epoll([fd, IN | OUT]);
      assert.equal(e.poll(0), [[fd, OUT | HUP]]);
      assert.equal(e.poll(0), [[fd, OUT | HUP]]);
    }
  }),
);

test(
  "EPO-083: a listening socket is readable while a connection waits",
  scoped((s) => {
    const listener = s.listener();
    const e = s.epoll([listener, IN | OUT]);
    assert.equal(e.poll(0), []);
    s.client(listener);
    assert.equal(e.poll(1), [[listener, IN]]);
    s.own(os.accept(listener)[0]);
    assert.equal(e.poll(0), []);
  }),
);

test(
  "EPO-084: a socket has no event while it connects, then it is writable",
  scoped((s) => {
    const listener = s.listener(0);
    // One connection fits the queue; the first SYN after it is dropped and sent again after 1 s.
    let connecting = s.client(listener);
    for (let i = 0; i < 4 && maskFrom(s.epoll([connecting, OUT]).poll(0.05)) !== 0; i++) {
      connecting = s.client(listener);
    }
    const e = s.epoll([connecting, IN | OUT | RDHUP]);
    assert.equal(e.poll(0.1), []);
    s.own(os.accept(listener)[0]);
    assert.equal(e.poll(5), [[connecting, OUT]]);
  }),
);

test(
  "EPO-085: a refused connection has every bit, reading the error takes only ERR away",
  scoped((s) => {
    const listener = s.listener();
    const address = os.getsockname(listener);
    s.close(listener);
    const c = s.socket();
    assert.throws(() => os.connect(c, address), /EINPROGRESS/);
    const e = s.epoll([c, IN | OUT | RDHUP]);
    assertArrives(e, IN | OUT | ERR | HUP | RDHUP);
    assert.is(errorOf(c), ECONNREFUSED);
    assert.equal(e.poll(0), [[c, IN | OUT | HUP | RDHUP]]);
    assert.is(errorOf(c), 0);
  }),
);

test(
  "EPO-086: the peer's shutdown(WR) is IN and RDHUP, no HUP",
  scoped((s) => {
    for (const [a, b] of [s.tcp(), s.socketpair()]) {
      const e = s.epoll([a, IN | RDHUP]);
      os.shutdown(b, os.SHUT_WR);
      assertArrives(e, IN | RDHUP);
      e.modify(a, 0);
      assert.equal(e.poll(0), []);
    }
  }),
);

test(
  "EPO-087: one's own shutdown(RD) is IN and RDHUP here and nothing at a TCP peer",
  scoped((s) => {
    const [a, b] = s.tcp();
    const e = s.epoll([a, EVERYTHING]);
    const other = s.epoll([b, EVERYTHING]);
    os.shutdown(a, os.SHUT_RD);
    assertArrives(e, IN | OUT | RDHUP);
    assertArrives(other, OUT);
  }),
);

test(
  "EPO-088: one's own shutdown(WR) leaves OUT, the peer gets IN and RDHUP",
  scoped((s) => {
    for (const [a, b] of [s.tcp(), s.socketpair()]) {
      const e = s.epoll([a, EVERYTHING]);
      const other = s.epoll([b, EVERYTHING]);
      os.shutdown(a, os.SHUT_WR);
      assertArrives(e, OUT);
      assertArrives(other, IN | OUT | RDHUP);
    }
  }),
);

test(
  "EPO-090: after a reset queued data can still be read, then ECONNRESET once",
  scoped((s) => {
    const [a, b] = s.tcp();
    const e = s.epoll([a, EVERYTHING]);
    os.write(a, "unread"); // closing with unread data resets
    settle(b, IN);
    s.close(b);
    assertArrives(e, IN | OUT | ERR | HUP | RDHUP);
    assert.is(errorOf(a), ECONNRESET);
    assert.is(maskFrom(e.poll(0)), IN | OUT | HUP | RDHUP);

    const [c, d] = s.tcp();
    const other = s.epoll([c, EVERYTHING]);
    os.write(d, "hello");
    os.write(c, "unread");
    settle(d, IN);
    s.close(d);
    assertArrives(other, IN | OUT | ERR | HUP | RDHUP);
    assert.is(os.read(c, 9).toString(), "hello");
    assert.throws(() => os.read(c, 9), /ECONNRESET/);
    assert.is(os.read(c, 9).length, 0);
    assert.is(maskFrom(other.poll(0)), IN | OUT | HUP | RDHUP);
  }),
);

test(
  "EPO-092: urgent data is PRI until a read passes its mark",
  scoped((s) => {
    const [a, b] = s.tcp();
    const e = s.epoll([b, IN | PRI]);
    os.send(a, "!", os.MSG_OOB);
    assertArrives(e, PRI);
    os.send(a, "n");
    assertArrives(e, IN | PRI);
    assert.is(os.recv(b, 9).toString(), "n");
    assertArrives(e, 0);
  }),
);

test(
  "EPO-093: urgent data in line is IN and PRI",
  scoped((s) => {
    const [a, b] = s.tcp();
    os.setsockopt(b, os.SOL_SOCKET, SO_OOBINLINE, 1);
    const e = s.epoll([b, IN | PRI]);
    os.send(a, "!", os.MSG_OOB);
    assertArrives(e, IN | PRI);
    assert.is(os.recv(b, 9).toString(), "!");
    assertArrives(e, 0);
  }),
);

test(
  "EPO-096: below the low-water mark a socket is not readable",
  scoped((s) => {
    const [a, b] = s.tcp();
    os.setsockopt(b, os.SOL_SOCKET, SO_RCVLOWAT, 10);
    const e = s.epoll([b, IN]);
    os.write(a, "12345");
    settleBytes(b, 5);
    assert.equal(e.poll(0), []);
    os.write(a, "67890");
    assertArrives(e, IN);
  }),
);

/** Linux reports HUP for a reaped process since 6.9. */
const [major, minor] = release().split(".").map(Number) as [number, number];
const REAPED = major > 6 || (major === 6 && minor >= 9) ? IN | HUP : IN;

/** A child process that runs until it is killed, and a descriptor of it. */
function child(s: Scope): { process: ChildProcess; pidfd: number } {
  const process = spawn("sleep", ["60"], { stdio: "ignore" });
  s.onEnd(() => process.kill("SIGKILL"));
  return { process, pidfd: s.own(os.pidfd_open(process.pid as number)) };
}

/** Resolves once Node has taken note of the end of a process, which reaps it. */
async function reaped(process: ChildProcess): Promise<void> {
  if (process.exitCode === null && process.signalCode === null) {
    await new Promise((resolve) => process.once("exit", resolve));
  }
}

test(
  "EPO-100: a pidfd is IN once the process has ended, and HUP too once it is reaped",
  scoped(async (s) => {
    const { process, pidfd } = child(s);
    const e = s.epoll([pidfd, IN | OUT]);
    assert.equal(e.poll(0), []);
    process.kill("SIGKILL");
    assert.equal(e.poll(5), [[pidfd, IN]]);
    assert.equal(e.poll(0), [[pidfd, IN]]);
    await reaped(process);
    assert.equal(e.poll(0), [[pidfd, REAPED]]);
  }),
);

test(
  "EPO-125: the end of a process is an edge, its being reaped another",
  scoped(async (s) => {
    const { process, pidfd } = child(s);
    const e = s.epoll([pidfd, IN | ET]);
    process.kill("SIGSTOP");
    process.kill("SIGCONT");
    assert.equal(e.poll(0.05), []);
    process.kill("SIGKILL");
    assert.equal(e.poll(5), [[pidfd, IN]]);
    assert.equal(e.poll(0.02), []);
    await reaped(process);
    assert.equal(e.poll(0), REAPED === IN ? [] : [[pidfd, REAPED]]);
    assert.equal(e.poll(0), []);
  }),
);

/** A pseudoterminal whose master a child holds: its slave, and the end of the master. */
async function terminal(s: Scope): Promise<{ slave: number; hangUp(): Promise<void> }> {
  const script = spawn("script", ["-qec", "tty; sleep 60", "/dev/null"], { detached: true });
  s.onEnd(() => void script.kill("SIGKILL"));
  const path = await new Promise<string>((resolve, reject) => {
    let output = "";
    script.once("error", reject);
    script.stdout.on("data", (data: Buffer) => {
      output += data.toString();
      const line = /(\/dev\/pts\/\d+)\r?\n/.exec(output)?.[1];
      if (line !== undefined) resolve(line);
    });
  });
  const slave = s.open(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
  const ended = new Promise((resolve) => script.once("exit", resolve));
  return {
    slave,
    hangUp: async () => {
      script.kill("SIGKILL");
      await ended;
    },
  };
}

const hasScript = spawnSync("script", ["--version"]).status === 0;
const terminalTest = hasScript ? test : test.skip;
if (!hasScript) process.stdout.write("skip: EPO-101, there is no script(1) to make a terminal\n");

terminalTest(
  "EPO-101: the slave of a terminal whose master closed has IN, OUT, ERR and HUP",
  scoped(async (s) => {
    const { slave, hangUp } = await terminal(s);
    const e = s.epoll([slave, IN | OUT]);
    assert.equal(e.poll(0), [[slave, OUT]]);
    await hangUp();
    assert.equal(e.poll(5), [[slave, IN | OUT | ERR | HUP]]);
  }),
);

test(
  "EPO-102: level triggered, a state is reported on every wait",
  scoped((s) => {
    const [r, w] = s.pipe();
    os.write(w, "x");
    const e = s.epoll([r, IN]);
    const writer = s.epoll([w, OUT]);
    for (let i = 0; i < 3; i++) {
      const { result, ms } = timed(() => e.poll(BEYOND_DEADLINE));
      assert.equal(result, [[r, IN]]);
      assertTook(ms, 0, 500);
      assert.equal(writer.poll(0), [[w, OUT]]);
    }
    os.read(r, 1);
    assert.equal(e.poll(0), []);
  }),
);

test.run();
