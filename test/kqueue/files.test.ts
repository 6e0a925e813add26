// EVFILT_READ and EVFILT_WRITE on regular files and directories, which epoll does not take.

import { spawn, spawnSync } from "node:child_process";

import { join } from "node:path";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  FileNotFoundError,
  KQ_EV_ADD,
  KQ_EV_CLEAR,
  KQ_EV_DISABLE,
  KQ_EV_DISPATCH,
  KQ_EV_ENABLE,
  KQ_EV_ONESHOT,
  KQ_FILTER_READ,
  KQ_FILTER_WRITE,
  kevent,
  host,
} from "../../bindings/node/select.ts";
import { type Scope, scoped } from "../support/descriptors.ts";
import {
  add,
  assertNoEvents,
  command,
  dataOf,
  newQueue,
  remove,
  type Seen,
  take,
} from "./filters.ts";
import { assertTook, throws } from "../support/expect.ts";
import {
  appendFileSync,
  constants,
  ftruncateSync,
  mkdirSync,
  readdirSync,
  readSync,
  renameSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from "../support/files.ts";
import { BEYOND_DEADLINE, clockMs } from "../support/world.ts";

/** FreeBSD's, for which CPython has no name. */
const NOTE_FILE_POLL = 0x0002;

function read(fd: number, data: number, flags = 0): Seen {
  return [fd, KQ_FILTER_READ, flags, 0, data];
}

function write(fd: number, flags = 0): Seen {
  return [fd, KQ_FILTER_WRITE, flags, 0, 0];
}

/** A file of ten bytes, open for reading. */
function tenBytes(scope: Scope): { path: string; fd: number } {
  const path = join(scope.folder(), "file");
  writeFileSync(path, "0123456789");
  return { path, fd: scope.open(path) };
}

/** Reads `n` bytes, moving the position. */
function consume(fd: number, n: number): void {
  readSync(fd, new Uint8Array(n), 0, n, null);
}

test(
  "KQ-116, EMU-02: data is the size less the offset, and nothing is reported at the end",
  scoped((scope) => {
    const queue = newQueue(scope);
    const { fd } = tenBytes(scope);
    add(queue, fd, KQ_FILTER_READ);
    assert.equal(take(queue), [read(fd, 10)]);
    consume(fd, 3);
    assert.equal(take(queue), [read(fd, 7)]);
    assert.equal(take(queue, 5), [read(fd, 7)]);
    consume(fd, 7);
    assertNoEvents(queue);
  }),
);

test(
  "KQ-116: an offset behind the end is a negative number",
  scoped((scope) => {
    const queue = newQueue(scope);
    const { path, fd } = tenBytes(scope);
    consume(fd, 10);
    add(queue, fd, KQ_FILTER_READ);
    truncateSync(path, 4);
    assert.equal(take(queue), [read(fd, -6)]);
  }),
);

test(
  "KQ-116: a descriptor that is open for writing only has data, too",
  scoped((scope) => {
    const queue = newQueue(scope);
    const { path } = tenBytes(scope);
    const fd = scope.open(path, constants.O_WRONLY);
    add(queue, fd, KQ_FILTER_READ);
    assert.equal(take(queue), [read(fd, 10)]);
  }),
);

test(
  "KQ-117: a file that grows fires again, also while another process lets it grow",
  scoped((scope) => {
    const queue = newQueue(scope);
    const { path, fd } = tenBytes(scope);
    consume(fd, 10);
    add(queue, fd, KQ_FILTER_READ);
    assertNoEvents(queue);
    appendFileSync(path, "abc");
    assert.equal(take(queue, 1), [read(fd, 3)]);
    consume(fd, 3);
    assertNoEvents(queue);
    const begun = clockMs();
    const child = spawn("sh", ["-c", `sleep 0.1; printf 12345 >> "${path}"`]);
    assert.equal(take(queue, BEYOND_DEADLINE), [read(fd, 5)]);
    assertTook(clockMs() - begun, 100, 5000);
    return new Promise((resolve) => child.once("close", () => resolve()));
  }),
);

test(
  "KQ-117: seeking back fires again",
  scoped((scope) => {
    const queue = newQueue(scope);
    const { path, fd } = tenBytes(scope);
    consume(fd, 10);
    add(queue, fd, KQ_FILTER_READ);
    assertNoEvents(queue, 20);
    consume(scope.open(path), 2); // another open file has its own position
    assertNoEvents(queue, 20);
    // Node cannot seek; a program with the same open file can.
    const sought = spawnSync("perl", ["-e", "sysseek(STDIN, 4, 0)"], { stdio: [fd] });
    if (sought.error) return console.log("skip: seeking back: no perl");
    assert.equal(take(queue), [read(fd, 6)]);
    assert.equal(take(queue, 5), [read(fd, 6)]);
  }),
);

test(
  "KQ-119: unlinked or renamed, a file goes on",
  scoped((scope) => {
    const queue = newQueue(scope);
    const { path, fd } = tenBytes(scope);
    const writer = scope.open(path, constants.O_WRONLY | constants.O_APPEND);
    consume(fd, 10);
    add(queue, fd, KQ_FILTER_READ);
    renameSync(path, `${path}-2`);
    writeSync(writer, "a");
    assert.equal(take(queue, 1), [read(fd, 1)]);
    unlinkSync(`${path}-2`);
    assert.equal(take(queue), [read(fd, 1)]);
    consume(fd, 1);
    assertNoEvents(queue, 20);
    writeSync(writer, "bc");
    assert.equal(take(queue, 1), [read(fd, 2)]);
  }),
);

test(
  "KQ-120: NOTE_FILE_POLL fires always, as poll() does",
  scoped((scope) => {
    const queue = newQueue(scope);
    const { fd } = tenBytes(scope);
    consume(fd, 10);
    add(queue, fd, KQ_FILTER_READ, 0, NOTE_FILE_POLL);
    assert.equal(take(queue, 5), [read(fd, 0)]);
    assert.equal(take(queue), [read(fd, 0)]);
    add(queue, fd, KQ_FILTER_READ);
    assertNoEvents(queue, 20);
  }),
);

test(
  "KQ-137: a file can always be written to, data is 0",
  scoped((scope) => {
    const queue = newQueue(scope);
    const { path, fd } = tenBytes(scope);
    const writer = scope.open(path, "a");
    add(queue, writer, KQ_FILTER_WRITE);
    assert.equal(take(queue, 5), [write(writer)]);
    writeSync(writer, "x");
    assert.equal(take(queue), [write(writer)]);
    remove(queue, writer, KQ_FILTER_WRITE);
    add(queue, fd, KQ_FILTER_WRITE); // open for reading: only a write would fail
    assert.equal(take(queue), [write(fd)]);
  }),
);

test(
  "READ with EV_CLEAR: once, and again with each change of the file",
  scoped((scope) => {
    const queue = newQueue(scope);
    const { path, fd } = tenBytes(scope);
    add(queue, fd, KQ_FILTER_READ, KQ_EV_CLEAR);
    assert.equal(take(queue), [read(fd, 10, KQ_EV_CLEAR)]);
    assertNoEvents(queue);
    appendFileSync(path, "ab");
    assert.equal(take(queue, 1), [read(fd, 12, KQ_EV_CLEAR)]);
    assertNoEvents(queue);
    add(queue, fd, KQ_FILTER_READ);
    assert.equal(take(queue), [read(fd, 12, KQ_EV_CLEAR)]);
    consume(fd, 12);
    assertNoEvents(queue, 20);
  }),
);

test(
  "WRITE with EV_CLEAR: once, and again when the file is written to",
  scoped((scope) => {
    const queue = newQueue(scope);
    const { path } = tenBytes(scope);
    const writer = scope.open(path, "a");
    add(queue, writer, KQ_FILTER_WRITE, KQ_EV_CLEAR);
    assert.equal(take(queue), [write(writer, KQ_EV_CLEAR)]);
    assertNoEvents(queue);
    writeSync(writer, "x");
    assert.equal(take(queue, 1), [write(writer, KQ_EV_CLEAR)]);
    assertNoEvents(queue, 20);
  }),
);

test(
  "EV_ONESHOT, EV_DISPATCH and EV_DISABLE",
  scoped((scope) => {
    const queue = newQueue(scope);
    const { fd } = tenBytes(scope);
    add(queue, fd, KQ_FILTER_READ, KQ_EV_ONESHOT);
    assert.equal(take(queue), [read(fd, 10, KQ_EV_ONESHOT)]);
    throws(() => remove(queue, fd, KQ_FILTER_READ), FileNotFoundError, "ENOENT");
    add(queue, fd, KQ_FILTER_READ, KQ_EV_DISPATCH);
    assert.equal(take(queue), [read(fd, 10, KQ_EV_DISPATCH)]);
    assertNoEvents(queue);
    command(queue, fd, KQ_FILTER_READ, KQ_EV_ENABLE);
    assert.equal(take(queue), [read(fd, 10, KQ_EV_DISPATCH)]);
    remove(queue, fd, KQ_FILTER_READ);
    add(queue, fd, KQ_FILTER_READ, KQ_EV_DISABLE);
    assertNoEvents(queue, 20);
    command(queue, fd, KQ_FILTER_READ, KQ_EV_ENABLE);
    assert.equal(take(queue), [read(fd, 10)]);
  }),
);

test(
  "both filters, in two queues, and files beside a pipe",
  scoped((scope) => {
    const [one, two] = [newQueue(scope), newQueue(scope)];
    const { fd } = tenBytes(scope);
    const [r, w] = scope.pipe();
    add(one, fd, KQ_FILTER_READ);
    add(one, fd, KQ_FILTER_WRITE);
    add(one, r, KQ_FILTER_READ);
    add(two, fd, KQ_FILTER_READ);
    const both = [write(fd), read(fd, 10)];
    assert.equal(sorted(take(one)), sorted(both));
    assert.equal(take(two), [read(fd, 10)]);
    writeSync(w, "x");
    assert.equal(sorted(take(one)), sorted([...both, read(r, 1)]));
    consume(fd, 10);
    assert.equal(sorted(take(one)), sorted([write(fd), read(r, 1)]));
    assertNoEvents(two, 20);
  }),
);

function sorted(events: readonly Seen[]): string[] {
  return events.map(String).toSorted();
}

test(
  "a directory is reported with data above 0, its size",
  scoped((scope) => {
    const queue = newQueue(scope);
    const path = scope.folder();
    mkdirSync(join(path, "sub"));
    const fd = scope.open(path, constants.O_RDONLY | constants.O_DIRECTORY);
    add(queue, fd, KQ_FILTER_READ);
    const [data] = dataOf(queue) as [number];
    assert.ok(data > 0, String(data));
    assert.equal(readdirSync(path), ["sub"]);
    remove(queue, fd, KQ_FILTER_READ);
  }),
);

/** Over WASI a rescan takes three calls for each file, each of which is several system calls. */
const MANY = host.name === "standalone" ? 100 : 300;

test(
  "hundreds of files: the ones that grow are reported, and no others",
  scoped((scope) => {
    const queue = newQueue(scope);
    const folder = scope.folder();
    const files = Array.from({ length: MANY }, (_, i) => {
      const path = join(folder, String(i));
      writeFileSync(path, "");
      return { path, fd: scope.open(path) };
    });
    queue.control(
      files.map(({ fd }) => kevent(fd, KQ_FILTER_READ, KQ_EV_ADD)),
      0,
    );
    assertNoEvents(queue);
    const grown = files.filter((_, i) => i % 7 === 3);
    for (const [i, { path }] of grown.entries()) appendFileSync(path, "x".repeat(i + 1));
    const expected = grown.map(({ fd }, i) => read(fd, i + 1));
    assert.equal(sorted(take(queue, 1, 400)), sorted(expected));
    for (const { path } of grown) truncateSync(path, 0);
    assertNoEvents(queue, 20);
    // A few at a time, each has its turn.
    for (const { path } of files) appendFileSync(path, "y");
    const met = new Set<unknown>();
    for (let i = 0; i < 40 && met.size < files.length; i++) {
      for (const [ident] of take(queue, 1, 16)) met.add(ident);
    }
    assert.is(met.size, files.length);
  }),
);

test(
  "a file without a name grows and shrinks",
  scoped((scope) => {
    const queue = newQueue(scope);
    const { path } = tenBytes(scope);
    const fd = scope.open(path, "r+");
    unlinkSync(path);
    add(queue, fd, KQ_FILTER_READ);
    ftruncateSync(fd, 100);
    assert.equal(take(queue), [read(fd, 100)]);
    ftruncateSync(fd, 0);
    assertNoEvents(queue, 20);
  }),
);

test.run();
