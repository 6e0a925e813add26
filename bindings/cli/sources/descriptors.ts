// stdin, fd:N:MODES, file:PATH and fifo:PATH: descriptors that other programs read and write. The
// wait reads no data from them, and changes no flag.

import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT, POLLPRI } from "../../constants.ts";
import { epoll, PermissionError } from "../../node/select.ts";
import { dup } from "../../node/os.ts";
import { isAbsence, reasonOf, UsageError } from "../failure.ts";
import { isInherited } from "../inherited.ts";
import { wordsOf } from "../masks.ts";
import type { Report, Source } from "./source.ts";
import type { Waiter } from "../waiters.ts";

/** Whether a descriptor is of a kind that is always ready: a regular file, /dev/null. */
function isAlwaysReady(fd: number): boolean {
  using probe = epoll();
  try {
    probe.register(fd, POLLIN);
    return false;
  } catch (error) {
    if (error instanceof PermissionError) return true;
    throw error;
  }
}

class DescriptorSource implements Source {
  readonly text: string;
  readonly due = Number.POSITIVE_INFINITY;
  readonly #open: () => number;
  readonly #mask: number;
  /** The bits after which no event follows. */
  readonly #last: number;
  #waiter: Waiter | undefined;
  #once = false;
  #isOwn = true;
  fd: number | undefined;

  /**
   * @param open opens a descriptor that the source closes; ~fd for one that it leaves open
   * @param last has the bits that end the source
   */
  constructor(text: string, open: () => number, mask: number, last: number) {
    this.text = text;
    this.#open = open;
    this.#mask = mask;
    this.#last = last;
  }

  open(waiter: Waiter): void {
    if (waiter.api === "kqueue" && (this.#mask & POLLPRI) !== 0) {
      throw new UsageError(`${this.text}: kqueue does not report urgent data`);
    }
    try {
      const opened = this.#open();
      this.#isOwn = opened >= 0;
      this.fd = this.#isOwn ? opened : ~opened;
    } catch (error) {
      if (error instanceof UsageError) throw error;
      throw new UsageError(`${this.text}: ${reasonOf(error)}`);
    }
    this.#once = isAlwaysReady(this.fd);
    this.#waiter = waiter;
    waiter.add(this.fd, this.#mask, true);
  }

  ready(mask: number): Report {
    return { happened: wordsOf(mask), done: this.#once || (mask & this.#last) !== 0 };
  }

  expire(): undefined {
    return undefined;
  }

  close(): void {
    if (this.fd === undefined) return;
    this.#waiter?.remove(this.fd);
    if (this.#isOwn) closeSync(this.fd);
    else shared.delete(this.fd);
    this.fd = undefined;
  }
}

/** The inherited descriptors that sources wait for themselves, on a host without dup(2). */
const shared = new Set<number>();

/** Duplicates an inherited descriptor, since one may be in several sources. Returns ~fd where the host cannot. */
function inherit(text: string, fd: number): number {
  try {
    return dup(fd);
  } catch (error) {
    if (!isAbsence(error)) throw error;
    if (shared.has(fd)) throw new UsageError(`${text}: descriptor ${fd} twice is not on this host`);
    shared.add(fd);
    return ~fd;
  }
}

const MODES: Record<string, number> = { r: POLLIN, w: POLLOUT, x: POLLPRI };
const BROKEN = POLLERR | POLLHUP | POLLNVAL;
const FD_MAX = 0x7fffffff;

export function stdinSource(text: string, rest: string): Source {
  if (text !== "stdin") {
    throw new UsageError(`${text}: stdin takes no argument, got ${JSON.stringify(rest)}`);
  }
  return new DescriptorSource(text, () => inherit(text, 0), POLLIN, BROKEN);
}

export function descriptorSource(text: string, rest: string): Source {
  const [, number, modes = "r"] = /^(\d+)(?::([rwx]+))?$/.exec(rest) ?? [];
  if (number === undefined || Number(number) > FD_MAX) {
    throw new UsageError(
      `${text}: not a descriptor: ${JSON.stringify(rest)} (fd:3, fd:3:r, fd:3:rw, x for urgent data)`,
    );
  }
  const fd = Number(number);
  // The test comes before any source is opened, since a source might get that number.
  if (!isInherited(fd)) throw new UsageError(`${text}: omnipoll did not inherit descriptor ${fd}`);
  const mask = [...modes].reduce((bits, mode) => bits | (MODES[mode] ?? 0), 0);
  return new DescriptorSource(text, () => inherit(text, fd), mask, BROKEN);
}

const OPEN_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

function pathOf(text: string, rest: string): string {
  if (rest === "") throw new UsageError(`${text}: a path is missing: ""`);
  return rest;
}

export function fileSource(text: string, rest: string): Source {
  const path = pathOf(text, rest);
  return new DescriptorSource(text, () => openSync(path, OPEN_FLAGS), POLLIN, BROKEN);
}

/** A FIFO does not end with its last writer, because another writer may come. */
export function fifoSource(text: string, rest: string): Source {
  const path = pathOf(text, rest);
  return new DescriptorSource(text, () => openFifo(text, path), POLLIN, POLLERR | POLLNVAL);
}

function openFifo(text: string, path: string): number {
  const fd = openSync(path, OPEN_FLAGS);
  if (fstatSync(fd).isFIFO()) return fd;
  closeSync(fd);
  throw new UsageError(`${text}: not a FIFO`);
}
