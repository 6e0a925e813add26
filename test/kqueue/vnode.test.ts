// EVFILT_VNODE: the seven notes, and FreeBSD's later ones, of files and directories.

import { spawn } from "node:child_process";
import { chownSync } from "node:fs";
import { join } from "node:path";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  FileNotFoundError,
  KQ_EV_CLEAR,
  KQ_EV_DISABLE,
  KQ_EV_DISPATCH,
  KQ_EV_ENABLE,
  KQ_EV_ONESHOT,
  KQ_FILTER_VNODE,
  KQ_NOTE_ATTRIB as ATTRIB,
  KQ_NOTE_DELETE as DELETE,
  KQ_NOTE_EXTEND as EXTEND,
  KQ_NOTE_LINK as LINK,
  KQ_NOTE_RENAME as RENAME,
  KQ_NOTE_WRITE as WRITE,
  kevent,
  OSError,
} from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { scoped } from "../support/descriptors.ts";
import { add, assertNoEvents, command, newQueue, remove, seen, take } from "./filters.ts";
import { throws } from "../support/expect.ts";
import { SEVEN, watchedFile, watchedDirectory, notesOf, expectNotes } from "./watched.ts";
import {
  appendFileSync,
  chmodSync,
  closeSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "../support/files.ts";
import { answered, BEYOND_DEADLINE, HAS_KQUEUE } from "../support/world.ts";

/** FreeBSD's, for which CPython has no names. */
const OPEN = 0x0080;
const CLOSE = 0x0100;
const CLOSE_WRITE = 0x0200;
const READ = 0x0400;

/** One of several names is gone: FreeBSD says NOTE_DELETE of each. */
const LOSS = answered(LINK, DELETE);

test(
  "KQ-140: a write is NOTE_WRITE, with NOTE_EXTEND too if the file grew, even outside fflags",
  scoped((scope) => {
    const { queue, path, fd } = watchedFile(scope, WRITE);
    expectNotes(queue, () => writeSync(fd, "abc", 0), WRITE);
    expectNotes(queue, () => appendFileSync(path, "x"), WRITE | EXTEND);
    writeSync(fd, "z", 0);
    const [event] = queue.control(null, 4, 0);
    assert.equal(event && seen(event), [fd, KQ_FILTER_VNODE, KQ_EV_CLEAR, WRITE, 0]);
  }),
);

test(
  "KQ-141: an append is NOTE_WRITE and NOTE_EXTEND, also if fflags has only the latter",
  scoped((scope) => {
    const { queue, path, fd } = watchedFile(scope, EXTEND);
    expectNotes(queue, () => appendFileSync(path, "x"), WRITE | EXTEND);
    expectNotes(queue, () => writeSync(fd, "abc", 0), null);
    expectNotes(queue, () => appendFileSync(path, "x".repeat(100_000)), WRITE | EXTEND);
  }),
);

test(
  "KQ-143: truncated to more bytes: NOTE_ATTRIB only",
  scoped((scope) => {
    const { queue, path, fd } = watchedFile(scope);
    expectNotes(queue, () => ftruncateSync(fd, 1_000_000), ATTRIB);
    expectNotes(queue, () => truncateSync(path, 5_000_000), ATTRIB);
    expectNotes(queue, () => appendFileSync(path, "x"), WRITE | EXTEND);
  }),
);

test(
  "truncated to nothing: NOTE_ATTRIB; written anew it is more",
  scoped((scope) => {
    const { queue, path } = watchedFile(scope);
    expectNotes(queue, () => truncateSync(path, 0), ATTRIB);
    // The truncation and the write are one to inotify.
    const grown = answered(0, ATTRIB) | WRITE | EXTEND;
    expectNotes(queue, () => writeFileSync(path, "12"), grown);
    truncateSync(path, 0);
    assert.is(notesOf(queue), ATTRIB);
    expectNotes(queue, () => writeFileSync(path, "1"), grown);
    expectNotes(queue, () => writeFileSync(path, "2"), answered(WRITE, grown));
  }),
);

test(
  "KQ-144: chmod and utimes are NOTE_ATTRIB",
  scoped((scope) => {
    for (const { queue, path } of [watchedFile(scope), watchedDirectory(scope)]) {
      expectNotes(queue, () => chmodSync(path, 0o700), ATTRIB);
      expectNotes(queue, () => utimesSync(path, 1, 2), ATTRIB);
    }
  }),
);

test(
  "KQ-144: chown is NOTE_ATTRIB, too",
  scoped((scope) => {
    const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
    for (const { queue, path } of [watchedFile(scope), watchedDirectory(scope)]) {
      expectNotes(queue, () => chownSync(path, uid, gid), ATTRIB);
    }
  }),
);

test(
  "KQ-145: another link, and the loss of one of several, is NOTE_LINK",
  scoped((scope) => {
    const { queue, folder, path } = watchedFile(scope);
    const other = join(folder, "other");
    expectNotes(queue, () => linkSync(path, other), LINK);
    expectNotes(queue, () => unlinkSync(path), LOSS);
    expectNotes(queue, () => linkSync(other, path), LINK);
    expectNotes(queue, () => writeFileSync(join(folder, "third"), ""), null);
    // Renaming another file over one of the names takes that from this file.
    expectNotes(queue, () => renameSync(join(folder, "third"), other), LOSS);
  }),
);

test(
  "KQ-146, EMU-09: the last unlink is NOTE_DELETE, while the file is still open",
  scoped((scope) => {
    const { queue, folder, path, fd } = watchedFile(scope);
    linkSync(path, join(folder, "other"));
    assert.is(notesOf(queue), LINK);
    unlinkSync(join(folder, "other"));
    assert.is(notesOf(queue), LOSS);
    const second = scope.open(path);
    expectNotes(queue, () => unlinkSync(path), DELETE);
    expectNotes(queue, () => writeSync(fd, "x", 0), WRITE); // the file is still there
    scope.close(second);
    assert.is(notesOf(queue), null);
  }),
);

test(
  "KQ-146: being replaced by a rename is NOTE_DELETE, too",
  scoped((scope) => {
    const { queue, folder, path } = watchedFile(scope, DELETE | LINK);
    writeFileSync(join(folder, "new"), "");
    expectNotes(queue, () => renameSync(join(folder, "new"), path), DELETE);
  }),
);

test(
  "KQ-147: a rename is NOTE_RENAME, and the knote follows the file, not the name",
  scoped((scope) => {
    const { queue, folder, path } = watchedFile(scope);
    const moved = join(folder, "moved");
    expectNotes(queue, () => renameSync(path, moved), RENAME);
    writeFileSync(path, "another file");
    expectNotes(queue, () => unlinkSync(path), null);
    mkdirSync(join(folder, "below"));
    expectNotes(queue, () => renameSync(moved, join(folder, "below", "again")), RENAME);
    expectNotes(queue, () => appendFileSync(join(folder, "below", "again"), "x"), WRITE | EXTEND);
    const directory = watchedDirectory(scope);
    expectNotes(directory.queue, () => renameSync(directory.path, `${directory.path}-2`), RENAME);
    expectNotes(directory.queue, () => mkdirSync(`${directory.path}-2/sub`), WRITE | LINK);
  }),
);

test(
  "KQ-152: opening, reading and closing through any descriptor",
  scoped((scope) => {
    const { queue, path, fd } = watchedFile(scope, OPEN | CLOSE | CLOSE_WRITE | READ);
    const reader = openSync(path, "r");
    assert.is(notesOf(queue), OPEN);
    expectNotes(queue, () => readSync(reader, new Uint8Array(4)), READ);
    expectNotes(queue, () => writeSync(fd, "x"), null);
    expectNotes(queue, () => closeSync(reader), CLOSE);
    const writer = openSync(path, "a");
    assert.is(notesOf(queue), OPEN);
    expectNotes(queue, () => closeSync(writer), CLOSE_WRITE);
    add(queue, fd, KQ_FILTER_VNODE, 0, CLOSE);
    expectNotes(queue, () => closeSync(openSync(path, "a")), null);
    expectNotes(queue, () => closeSync(openSync(path, "r")), CLOSE);
    add(queue, fd, KQ_FILTER_VNODE, 0, CLOSE_WRITE);
    expectNotes(queue, () => closeSync(openSync(path, "r")), null);
    expectNotes(queue, () => closeSync(openSync(path, "a")), CLOSE_WRITE);
  }),
);

test(
  "KQ-153: notes add up until they are returned",
  scoped((scope) => {
    const { queue, folder, path, fd } = watchedFile(scope);
    writeSync(fd, "x", 0);
    chmodSync(path, 0o600);
    renameSync(path, join(folder, "2"));
    appendFileSync(join(folder, "2"), "x");
    unlinkSync(join(folder, "2"));
    assert.is(notesOf(queue), WRITE | ATTRIB | RENAME | EXTEND | DELETE);
    assert.is(notesOf(queue), null);
  }),
);

test(
  "KQ-154: without EV_CLEAR they stay, and repeat",
  scoped((scope) => {
    const { queue, path, fd } = watchedFile(scope);
    remove(queue, fd, KQ_FILTER_VNODE);
    add(queue, fd, KQ_FILTER_VNODE, 0, SEVEN);
    assertNoEvents(queue, 20);
    chmodSync(path, 0o600);
    for (let i = 0; i < 3; i++) assert.is(notesOf(queue), ATTRIB);
    writeSync(fd, "x", 0);
    for (let i = 0; i < 3; i++) assert.is(notesOf(queue), ATTRIB | WRITE);
  }),
);

test(
  "KQ-155: notes outside fflags do not fire",
  scoped((scope) => {
    const { queue, folder, path, fd } = watchedFile(scope, DELETE);
    writeSync(fd, "xyz", 9);
    chmodSync(path, 0o600);
    renameSync(path, join(folder, "2"));
    linkSync(join(folder, "2"), path);
    assertNoEvents(queue);
    add(queue, fd, KQ_FILTER_VNODE, 0, WRITE);
    unlinkSync(path);
    unlinkSync(join(folder, "2"));
    assertNoEvents(queue, 20);
    add(queue, fd, KQ_FILTER_VNODE, 0, 0);
    writeSync(fd, "x", 0);
    assertNoEvents(queue, 20);
  }),
);

test(
  "KQ-156: only changes after the knote was made are reported",
  scoped((scope) => {
    const { queue, path, fd } = watchedFile(scope, WRITE);
    const second = scope.open(path);
    appendFileSync(path, "x");
    // The kernel has queued the notification already; the new knote is not concerned.
    add(queue, second, KQ_FILTER_VNODE, KQ_EV_CLEAR, WRITE);
    assert.equal(
      take(queue).map(([ident]) => ident),
      [fd],
    );
    appendFileSync(path, "x");
    assert.equal(
      take(queue)
        .map(([ident]) => Number(ident))
        .toSorted((x, y) => x - y),
      [fd, second],
    );
  }),
);

test(
  "KQ-156: a change of the notes does not act on the past either",
  scoped((scope) => {
    const { queue, path, fd } = watchedFile(scope, WRITE);
    writeSync(fd, "x", 0);
    chmodSync(path, 0o600);
    add(queue, fd, KQ_FILTER_VNODE, 0, ATTRIB);
    assert.is(notesOf(queue), WRITE);
    appendFileSync(path, "x"); // outside fflags
    assert.is(notesOf(queue), null);
    add(queue, fd, KQ_FILTER_VNODE, 0, WRITE | EXTEND);
    expectNotes(queue, () => writeSync(fd, "x", 0), WRITE);
  }),
);

test(
  "KQ-157: a descriptor that is no file is EINVAL",
  scoped((scope) => {
    const queue = newQueue(scope);
    const [r] = scope.pipe();
    const [a] = scope.socketpair();
    for (const fd of [r, a, scope.eventfd(), newQueue(scope).fileno()]) {
      throws(() => add(queue, fd, KQ_FILTER_VNODE, 0, SEVEN), OSError, "EINVAL");
    }
    throws(() => add(queue, 9999, KQ_FILTER_VNODE, 0, SEVEN), OSError, "EBADF");
  }),
);

test(
  "a device may be watched, though nothing comes of it; FreeBSD's drivers refuse",
  scoped((scope) => {
    const queue = newQueue(scope);
    const watch = (): void => add(queue, scope.open("/dev/null"), KQ_FILTER_VNODE, 0, SEVEN);
    if (HAS_KQUEUE) throws(watch, OSError, "ENODEV");
    else watch();
    assertNoEvents(queue);
  }),
);

test(
  "KQ-159: closing the descriptor removes the knote without an event",
  scoped((scope) => {
    const { queue, path, fd } = watchedFile(scope);
    const dup = scope.dup(fd);
    os.write(fd, "x");
    scope.close(fd);
    assertNoEvents(queue, 20);
    writeSync(dup, "x");
    assertNoEvents(queue, 20);
    assert.is(scope.open(path), fd); // the number again
    writeSync(dup, "x");
    assertNoEvents(queue, 20);
    throws(() => remove(queue, fd, KQ_FILTER_VNODE), FileNotFoundError, "ENOENT");
  }),
);

test(
  "KQ-159: a close without announceClose removes the knote, too",
  scoped((scope) => {
    const queue = newQueue(scope);
    const path = join(scope.folder(), "file");
    writeFileSync(path, "");
    const fd = openSync(path, "r+");
    const dup = scope.dup(fd);
    add(queue, fd, KQ_FILTER_VNODE, KQ_EV_CLEAR, SEVEN);
    closeSync(fd);
    writeSync(dup, "x");
    assertNoEvents(queue, 20);
    assert.is(scope.own(openSync("/dev/zero", "r")), fd);
    writeSync(dup, "x");
    assertNoEvents(queue, 20);
    throws(() => remove(queue, fd, KQ_FILTER_VNODE), FileNotFoundError, "ENOENT");
  }),
);

test(
  "two knotes of one file, in one queue and in another, have their own notes",
  scoped((scope) => {
    const { queue, path, fd } = watchedFile(scope, ATTRIB);
    const dup = scope.dup(fd);
    const other = newQueue(scope);
    add(queue, dup, KQ_FILTER_VNODE, KQ_EV_CLEAR, WRITE);
    add(other, fd, KQ_FILTER_VNODE, KQ_EV_CLEAR, SEVEN);
    chmodSync(path, 0o600);
    assert.equal(take(queue), [[fd, KQ_FILTER_VNODE, KQ_EV_CLEAR, ATTRIB, 0]]);
    writeSync(fd, "x", 0);
    assert.equal(take(queue), [[dup, KQ_FILTER_VNODE, KQ_EV_CLEAR, WRITE, 0]]);
    assert.is(notesOf(other), ATTRIB | WRITE);
    remove(queue, fd, KQ_FILTER_VNODE);
    writeSync(fd, "x", 0);
    assert.equal(take(queue), [[dup, KQ_FILTER_VNODE, KQ_EV_CLEAR, WRITE, 0]]);
  }),
);

test(
  "EV_ONESHOT, EV_DISPATCH and EV_DISABLE",
  scoped((scope) => {
    const { queue, path, fd } = watchedFile(scope);
    remove(queue, fd, KQ_FILTER_VNODE);
    add(queue, fd, KQ_FILTER_VNODE, KQ_EV_ONESHOT, SEVEN);
    chmodSync(path, 0o600);
    assert.equal(take(queue), [[fd, KQ_FILTER_VNODE, KQ_EV_ONESHOT, ATTRIB, 0]]);
    throws(() => remove(queue, fd, KQ_FILTER_VNODE), FileNotFoundError, "ENOENT");
    add(queue, fd, KQ_FILTER_VNODE, KQ_EV_CLEAR | KQ_EV_DISPATCH, SEVEN);
    chmodSync(path, 0o644);
    assert.is(notesOf(queue), ATTRIB);
    writeSync(fd, "x", 0);
    assertNoEvents(queue, 20);
    queue.control([kevent(fd, KQ_FILTER_VNODE, KQ_EV_ENABLE, SEVEN)], 0);
    assert.is(notesOf(queue), WRITE);
    command(queue, fd, KQ_FILTER_VNODE, KQ_EV_DISABLE);
    assertNoEvents(queue, 20);
  }),
);

test(
  "another process wakes a waiter, again and again",
  scoped((scope) => {
    const { queue, path, fd } = watchedFile(scope, EXTEND | DELETE);
    const script = `for i in 1 2 3; do sleep 0.05; echo >> "$0"; done; sleep 0.05; rm "$0"`;
    const child = spawn("sh", ["-c", script, path]);
    let writes = 0;
    for (;;) {
      const result = take(queue, BEYOND_DEADLINE);
      assert.is(result.length, 1);
      const notes = result[0]?.[3] as number;
      assert.is(result[0]?.[0], fd);
      if ((notes & DELETE) !== 0) break;
      assert.is(notes, WRITE | EXTEND);
      writes++;
    }
    assert.ok(writes >= 1 && writes <= 3, String(writes));
    return new Promise((resolve) => child.once("close", () => resolve()));
  }),
);

test.run();
