// Files and directories that are watched, for the tests of EVFILT_VNODE.

import { join } from "node:path";
import * as assert from "uvu/assert";
import {
  type Kqueue,
  KQ_EV_CLEAR,
  KQ_FILTER_VNODE,
  KQ_NOTE_ATTRIB as ATTRIB,
  KQ_NOTE_DELETE as DELETE,
  KQ_NOTE_EXTEND as EXTEND,
  KQ_NOTE_LINK as LINK,
  KQ_NOTE_RENAME as RENAME,
  KQ_NOTE_REVOKE as REVOKE,
  KQ_NOTE_WRITE as WRITE,
} from "../../bindings/node/select.ts";
import { type Scope } from "../support/descriptors.ts";
import { add, newQueue, take } from "./filters.ts";
import { constants, mkdirSync, writeFileSync } from "../support/files.ts";

/** The notes of every BSD. */
export const SEVEN = DELETE | WRITE | EXTEND | ATTRIB | LINK | RENAME | REVOKE;

export interface Watched {
  queue: Kqueue;
  folder: string;
  path: string;
  fd: number;
}

/** A file of ten bytes that is watched with EV_CLEAR. */
export function watchedFile(scope: Scope, notes = SEVEN): Watched {
  const folder = scope.folder();
  const path = join(folder, "file");
  writeFileSync(path, "0123456789");
  const fd = scope.open(path, "r+");
  const queue = newQueue(scope);
  add(queue, fd, KQ_FILTER_VNODE, KQ_EV_CLEAR, notes);
  return { queue, folder, path, fd };
}

/** A directory in a folder, watched likewise. */
export function watchedDirectory(scope: Scope, notes = SEVEN): Watched {
  const folder = scope.folder();
  const path = join(folder, "directory");
  mkdirSync(path);
  const fd = scope.open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  const queue = newQueue(scope);
  add(queue, fd, KQ_FILTER_VNODE, KQ_EV_CLEAR, notes);
  return { queue, folder, path, fd };
}

/** The notes of the only event, or null. */
export function notesOf(queue: Kqueue): number | null {
  const events = take(queue);
  assert.ok(events.length <= 1, String(events));
  return events[0]?.[3] ?? null;
}

/** Asserts that the notes of `body` are reported, and reported once. */
export function expectNotes(queue: Kqueue, body: () => unknown, notes: number | null): void {
  body();
  assert.is(notesOf(queue), notes);
  assert.is(notesOf(queue), null, "it was reported twice");
}
