// Small programs as the manual page of FreeBSD suggests them, with nothing but the calls and names
// that Python documents.

import { join } from "node:path";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import * as select from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { scoped } from "../support/descriptors.ts";
import { inThread } from "../support/expect.ts";
import { clockMs, DEADLINE } from "../support/world.ts";
import {
  appendFileSync,
  closeSync,
  fchmodSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
  tmpdir,
} from "../support/files.ts";

/** The program of a client of the echo server, which has a thread of its own and blocking sockets. */
const CLIENT = `
  const fd = os.socket(os.AF_INET, os.SOCK_STREAM);
  for (const option of [os.SO_SNDBUF, os.SO_RCVBUF]) {
    os.setsockopt(fd, os.SOL_SOCKET, option, data.buffer);
  }
  os.connect(fd, data.address);
  const sent = Buffer.alloc(data.size, data.fill);
  let at = 0, got = 0, right = true;
  while (got < sent.length) {
    if (at < sent.length) at += os.send(fd, sent.subarray(at, at + data.chunk));
    // Half duplex only at the end, so that the server's buffers fill up.
    while (got < at && (at === sent.length || at - got > data.ahead)) {
      const bytes = os.recv(fd, 65536);
      if (bytes.length === 0) return "closed early";
      if (bytes.some((byte) => byte !== data.fill)) right = false;
      got += bytes.length;
    }
  }
  os.shutdown(fd, os.SHUT_WR);
  const rest = os.recv(fd, 10).length;
  os.close(fd);
  return right && rest === 0 ? "ok" : "wrong bytes";`;

test(
  "an echo server with EV_CLEAR, which reads everything and writes as much as fits",
  scoped(async (s) => {
    const { kevent, KQ_FILTER_READ, KQ_FILTER_WRITE } = select;
    const { KQ_EV_ADD, KQ_EV_CLEAR, KQ_EV_DELETE, KQ_EV_EOF, KQ_EV_ERROR } = select;
    const listener = s.listener();
    // Much less than the bytes of a client, which sends all of them before it reads.
    const buffer = 65_536;
    for (const option of [os.SO_SNDBUF, os.SO_RCVBUF]) {
      os.setsockopt(listener, os.SOL_SOCKET, option, buffer);
    }
    const kq = select.kqueue();
    kq.control([kevent(listener, KQ_FILTER_READ, KQ_EV_ADD)], 0);

    const waiting = new Map<number, Buffer[]>();
    const ended = new Set<number>();
    let served = 0;
    let partial = 0;

    function close(fd: number): void {
      waiting.delete(fd);
      ended.delete(fd);
      os.close(fd); // and with it its kevents
      served++;
    }
    function flush(fd: number): void {
      const chunks = waiting.get(fd) as Buffer[];
      for (let chunk = chunks.shift(); chunk !== undefined; chunk = chunks.shift()) {
        let taken = 0;
        try {
          taken = os.send(fd, chunk);
        } catch (error) {
          if (!(error instanceof select.BlockingIOError)) throw error;
        }
        if (taken === chunk.length) continue;
        chunks.unshift(chunk.subarray(taken));
        partial++;
        return; // EVFILT_WRITE reports room again
      }
      if (ended.has(fd)) close(fd);
    }
    function receive(fd: number): void {
      for (;;) {
        let bytes: Buffer;
        try {
          bytes = os.recv(fd, 16_384);
        } catch (error) {
          if (error instanceof select.BlockingIOError) return;
          throw error;
        }
        if (bytes.length === 0) return void ended.add(fd);
        (waiting.get(fd) as Buffer[]).push(bytes);
      }
    }

    const address = os.getsockname(listener);
    const clients = [
      { size: 10, fill: 1, chunk: 3, ahead: 0 },
      { size: 300_000, fill: 2, chunk: 10_000, ahead: 0 },
      { size: 8_000_000, fill: 3, chunk: 1_000_000, ahead: 8_000_000 },
      { size: 50_000, fill: 4, chunk: 50_000, ahead: 100 },
    ];
    const workers = await Promise.all(
      clients.map((client) => inThread(0, CLIENT, { address, buffer, ...client })),
    );
    while (served < clients.length) {
      const events = kq.control(null, 3, DEADLINE);
      assert.ok(events.length > 0, `${served} served, then nothing for ${DEADLINE} s`);
      for (const event of events) {
        const fd = Number(event.ident);
        assert.is(event.flags & KQ_EV_ERROR, 0);
        if (fd === listener) {
          for (let left = Number(event.data); left > 0; left--) {
            const [connection] = os.accept(listener);
            os.set_blocking(connection, false);
            waiting.set(connection, []);
            const flags = KQ_EV_ADD | KQ_EV_CLEAR;
            kq.control(
              [
                kevent(connection, KQ_FILTER_READ, flags),
                kevent(connection, KQ_FILTER_WRITE, flags),
              ],
              0,
            );
          }
        } else if (waiting.has(fd)) {
          if (event.filter === KQ_FILTER_READ) {
            receive(fd);
            if ((event.flags & KQ_EV_EOF) !== 0) assert.ok(ended.has(fd));
          }
          flush(fd);
        }
      }
    }
    assert.equal(await Promise.all(workers.map(({ done }) => done)), new Array(4).fill("ok"));
    assert.ok(partial > 0, "the buffers never were full");
    kq.control([kevent(listener, KQ_FILTER_READ, KQ_EV_DELETE)], 0);
    assert.equal(kq.control(null, 3, 0), []);
    kq.close();
  }),
);

test(
  "a watcher of a file, which reports each change until the file is gone",
  scoped((s) => {
    const { kevent, KQ_FILTER_VNODE, KQ_EV_ADD, KQ_EV_CLEAR } = select;
    const { KQ_NOTE_ATTRIB, KQ_NOTE_DELETE, KQ_NOTE_EXTEND, KQ_NOTE_LINK } = select;
    const { KQ_NOTE_RENAME, KQ_NOTE_REVOKE, KQ_NOTE_WRITE } = select;
    const NAMES: Record<string, number> = {
      delete: KQ_NOTE_DELETE,
      write: KQ_NOTE_WRITE,
      extend: KQ_NOTE_EXTEND,
      attrib: KQ_NOTE_ATTRIB,
      link: KQ_NOTE_LINK,
      rename: KQ_NOTE_RENAME,
      revoke: KQ_NOTE_REVOKE,
    };
    const folder = s.folder();
    const path = join(folder, "file");
    writeFileSync(path, "first line\n");
    const fd = openSync(path, "r");
    const kq = select.kqueue();
    const all = Object.values(NAMES).reduce((mask, note) => mask | note);
    const watch = kevent(fd, KQ_FILTER_VNODE, KQ_EV_ADD | KQ_EV_CLEAR, all, 0, 42);
    kq.control([watch], 0);

    function happened(): string[] {
      const [event, ...others] = kq.control(null, 4, 2);
      assert.ok(event !== undefined && others.length === 0);
      assert.equal(
        [event.ident, event.filter, event.data, event.udata],
        [fd, KQ_FILTER_VNODE, 0, 42],
      );
      return Object.keys(NAMES).filter((name) => (event.fflags & (NAMES[name] as number)) !== 0);
    }

    assert.equal(kq.control(null, 4, 0), []);
    appendFileSync(path, "second line\n");
    assert.equal(happened(), ["write", "extend"]);
    writeFileSync(path, "FIRST", { flag: "r+" });
    assert.equal(happened(), ["write"]);
    fchmodSync(fd, 0o600);
    assert.equal(happened(), ["attrib"]);
    renameSync(path, join(folder, "moved"));
    assert.equal(happened(), ["rename"]);
    appendFileSync(join(folder, "moved"), "third line\n");
    fchmodSync(fd, 0o644);
    assert.equal(happened(), ["write", "extend", "attrib"]);
    writeFileSync(path, "another file of that name");
    assert.equal(kq.control(null, 4, 0.02), []);
    rmSync(join(folder, "moved"));
    assert.equal(happened(), ["delete"]);
    assert.equal(kq.control(null, 4, 0), []);
    closeSync(fd);
    kq.close();
  }),
);

test("a program that follows the lines appended to a file, as `tail -f` does", () => {
  const { kevent, KQ_FILTER_READ, KQ_EV_ADD, KQ_EV_DELETE } = select;
  const path = join(tmpdir(), `omnipoll-tail-${process.pid}`);
  writeFileSync(path, "one\n");
  const fd = openSync(path, "r");
  const kq = select.kqueue();
  const follow = [kevent(fd, KQ_FILTER_READ, KQ_EV_ADD)];
  const read: string[] = [];
  for (const line of ["two\n", "three and more\n", ""]) {
    const [event] = kq.control(follow, 1, 2);
    assert.is(event?.ident, fd);
    // data is the number of bytes to the end of the file.
    read.push(os.read(fd, Number(event?.data)).toString());
    assert.equal(kq.control(null, 1, 0), []);
    if (line !== "") appendFileSync(path, line);
  }
  assert.equal(read, ["one\n", "two\n", "three and more\n"]);
  kq.control([kevent(fd, KQ_FILTER_READ, KQ_EV_DELETE)], 0);
  appendFileSync(path, "unread");
  assert.equal(kq.control(null, 1, 0), []);
  closeSync(fd);
  kq.close();
  rmSync(path);
});

test("a wheel of timers: periodic, one-shot, cancelled, and started anew", () => {
  const { kevent, KQ_FILTER_TIMER, KQ_EV_ADD, KQ_EV_DELETE, KQ_EV_ONESHOT } = select;
  const kq = select.kqueue();
  const start = clockMs();
  const now = (): number => clockMs() - start;
  const fired = new Map<number, number[]>();
  let next = 1;

  function after(ms: number): number {
    kq.control([kevent(next, KQ_FILTER_TIMER, KQ_EV_ADD | KQ_EV_ONESHOT, 0, ms)], 0);
    return next++;
  }
  function every(ms: number): number {
    kq.control([kevent(next, KQ_FILTER_TIMER, KQ_EV_ADD, 0, ms)], 0);
    return next++;
  }
  function cancel(id: number): void {
    kq.control([kevent(id, KQ_FILTER_TIMER, KQ_EV_DELETE)], 0);
  }

  const tick = every(20);
  const once = after(70);
  const never = after(50);
  const late = after(30);
  cancel(never);
  kq.control([kevent(late, KQ_FILTER_TIMER, KQ_EV_ADD | KQ_EV_ONESHOT, 0, 130)], 0);
  let ticks = 0;
  while (!fired.has(late)) {
    const events = kq.control(null, 8, 2);
    assert.ok(events.length > 0, "nothing for 2 s");
    for (const event of events) {
      assert.is(event.filter, KQ_FILTER_TIMER);
      const id = Number(event.ident);
      const times = fired.get(id) ?? [];
      fired.set(id, [...times, now()]);
      if (id === tick) {
        ticks += Number(event.data);
        assert.ok(ticks * 20 <= now());
        if (ticks >= 4 && ticks < 1000) {
          cancel(tick);
          ticks = 1000;
        }
      } else {
        assert.is(event.data, 1);
      }
    }
  }
  assert.equal([...fired.keys()].sort(), [tick, once, late]);
  assert.ok((fired.get(once)?.[0] as number) >= 70);
  assert.ok((fired.get(late)?.[0] as number) >= 130);
  assert.is(fired.get(once)?.length, 1);
  assert.ok((fired.get(tick)?.length as number) <= 4);
  assert.throws(
    () => cancel(once),
    (error: unknown) => error instanceof select.FileNotFoundError,
  );
  assert.equal(kq.control(null, 8, 0.05), []);
  kq.close();
});

test.run();
