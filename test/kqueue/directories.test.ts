// EVFILT_VNODE of directories, and of many files.

import { join } from "node:path";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  KQ_EV_CLEAR,
  KQ_FILTER_VNODE,
  KQ_NOTE_ATTRIB as ATTRIB,
  KQ_NOTE_DELETE as DELETE,
  KQ_NOTE_EXTEND as EXTEND,
  KQ_NOTE_LINK as LINK,
  KQ_NOTE_RENAME as RENAME,
  KQ_NOTE_WRITE as WRITE,
  kevent,
  KQ_EV_ADD,
} from "../../bindings/node/select.ts";
import { scoped } from "../support/descriptors.ts";
import { add, assertNoEvents, newQueue, take } from "./filters.ts";
import { SEVEN, watchedDirectory, notesOf, expectNotes } from "./watched.ts";
import {
  appendFileSync,
  chmodSync,
  constants,
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "../support/files.ts";

test(
  "KQ-144: chmod of a directory is NOTE_ATTRIB, making and removing directories in it is not",
  scoped((scope) => {
    const { queue, path } = watchedDirectory(scope, ATTRIB | DELETE);
    expectNotes(queue, () => mkdirSync(join(path, "sub")), null);
    expectNotes(queue, () => chmodSync(path, 0o700), ATTRIB);
    expectNotes(queue, () => rmdirSync(join(path, "sub")), null);
    expectNotes(queue, () => chmodSync(path, 0o755), ATTRIB);
  }),
);

test(
  "KQ-150, EMU-09: directories made and removed in a directory are NOTE_WRITE and NOTE_LINK",
  scoped((scope) => {
    const { queue, path } = watchedDirectory(scope);
    expectNotes(queue, () => mkdirSync(join(path, "sub")), WRITE | LINK);
    expectNotes(queue, () => mkdirSync(join(path, "sub", "deeper")), null);
    rmdirSync(join(path, "sub", "deeper"));
    expectNotes(queue, () => rmdirSync(join(path, "sub")), WRITE | LINK);
  }),
);

test(
  "files made, changed, linked and removed in a directory: NOTE_WRITE for the entries only",
  scoped((scope) => {
    const { queue, folder, path } = watchedDirectory(scope);
    const file = join(path, "file");
    expectNotes(queue, () => writeFileSync(file, ""), WRITE);
    expectNotes(queue, () => appendFileSync(file, "x"), null);
    expectNotes(queue, () => chmodSync(file, 0o600), null);
    expectNotes(queue, () => linkSync(file, join(folder, "elsewhere")), null);
    expectNotes(queue, () => linkSync(file, join(path, "second")), WRITE);
    expectNotes(queue, () => symlinkSync("file", join(path, "symbolic")), WRITE);
    expectNotes(queue, () => unlinkSync(file), WRITE);
    expectNotes(queue, () => readdirSync(path), null);
  }),
);

test(
  "KQ-151: a rename within a directory is NOTE_WRITE",
  scoped((scope) => {
    const { queue, path } = watchedDirectory(scope);
    writeFileSync(join(path, "a"), "");
    mkdirSync(join(path, "d"));
    notesOf(queue);
    expectNotes(queue, () => renameSync(join(path, "a"), join(path, "b")), WRITE);
    expectNotes(queue, () => renameSync(join(path, "d"), join(path, "e")), WRITE);
  }),
);

test(
  "KQ-151: a rename across directories is NOTE_WRITE and NOTE_EXTEND for both, NOTE_LINK of a directory",
  scoped((scope) => {
    const from = watchedDirectory(scope);
    const to = watchedDirectory(scope);
    writeFileSync(join(from.path, "file"), "");
    mkdirSync(join(from.path, "sub"));
    notesOf(from.queue);
    renameSync(join(from.path, "file"), join(to.path, "file"));
    for (const { queue } of [from, to]) assert.is(notesOf(queue), WRITE | EXTEND);
    renameSync(join(from.path, "sub"), join(to.path, "sub"));
    for (const { queue } of [from, to]) assert.is(notesOf(queue), WRITE | EXTEND | LINK);
  }),
);

test(
  "KQ-151: both directories in one queue",
  scoped((scope) => {
    const { queue, folder, path, fd } = watchedDirectory(scope);
    const above = scope.open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
    add(queue, above, KQ_FILTER_VNODE, KQ_EV_CLEAR, WRITE | EXTEND | LINK);
    writeFileSync(join(path, "file"), "");
    assert.equal(take(queue), [[fd, KQ_FILTER_VNODE, KQ_EV_CLEAR, WRITE, 0]]);
    renameSync(join(path, "file"), join(folder, "file"));
    assert.equal(
      take(queue).map(([ident, , , notes]) => [ident, notes]),
      [
        [fd, WRITE | EXTEND],
        [above, WRITE | EXTEND],
      ],
    );
  }),
);

for (const notes of [DELETE, SEVEN]) {
  test(
    `the removal of an open directory is NOTE_DELETE, asked for with ${notes}`,
    scoped((scope) => {
      const { queue, folder, path } = watchedDirectory(scope, notes);
      mkdirSync(join(folder, "sibling"));
      expectNotes(queue, () => rmdirSync(join(folder, "sibling")), null);
      expectNotes(queue, () => rmdirSync(path), DELETE);
    }),
  );

  test(
    `and so after it was renamed to another directory, with ${notes}`,
    scoped((scope) => {
      const { queue, folder, path } = watchedDirectory(scope, notes);
      mkdirSync(join(folder, "other"));
      const moved = join(folder, "other", "moved");
      expectNotes(queue, () => renameSync(path, moved), notes & RENAME || null);
      expectNotes(queue, () => rmdirSync(moved), DELETE);
    }),
  );

  test(
    `or when another one takes its place, with ${notes}`,
    scoped((scope) => {
      const { queue, folder, path } = watchedDirectory(scope, notes);
      mkdirSync(join(folder, "other"));
      expectNotes(queue, () => renameSync(join(folder, "other"), path), DELETE);
    }),
  );
}

test(
  "hundreds of files: each change is that file's",
  scoped((scope) => {
    const queue = newQueue(scope);
    const folder = scope.folder();
    const files = Array.from({ length: 300 }, (_, i) => {
      const path = join(folder, String(i));
      writeFileSync(path, "x");
      return { path, fd: scope.open(path) };
    });
    queue.control(
      files.map(({ fd }) => kevent(fd, KQ_FILTER_VNODE, KQ_EV_ADD | KQ_EV_CLEAR, SEVEN)),
      0,
    );
    const expected: string[] = [];
    for (const [i, { path, fd }] of files.entries()) {
      if (i % 3 === 0) chmodSync(path, 0o600);
      if (i % 3 === 1) unlinkSync(path);
      if (i % 3 !== 2) expected.push(`${fd} ${i % 3 === 0 ? ATTRIB : DELETE}`);
    }
    const met = take(queue, 1, 400).map(([ident, , , notes]) => `${ident} ${notes}`);
    assert.equal(met.toSorted(), expected.toSorted());
    assertNoEvents(queue, 20);
  }),
);

test.run();
