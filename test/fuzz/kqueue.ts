// Random programs with kqueue.

import { pick, SOCKET_STEPS } from "./descriptors.ts";
import { PATHS, type Source, SourceProgram } from "./sources.ts";

const MOST_QUEUES = 3;

type Step =
  | "make"
  | "other"
  | "change"
  | "move"
  | "close"
  | "dup"
  | "nest"
  | "user"
  | "timer"
  | "folder"
  | "wait";

/** Steps, repeated by their frequency. */
export const KQUEUE_STEPS = (
  "make make make other change change change change change change move move move move move move close dup " +
  "nest user user timer folder wait wait wait wait"
).split(" ") as Step[];

/**
 * Flags of a new knote of READ and WRITE, without ONESHOT: FreeBSD reports a one-shot knote that is active
 * also if its condition no longer holds.
 */
const ADDED = ["ADD", "ADD", "ADD|CLEAR", "ADD|CLEAR", "ADD|DISPATCH"] as const;
/** Flags of a new knote of another filter. */
const ADDED_OTHERS = ["ADD", "ADD|CLEAR", "ADD|ONESHOT", "ADD|ONESHOT", "ADD|DISPATCH"] as const;
/** Flags of every fourth new knote. */
const ADDED_SELDOM = ["ADD|DISABLE", "ADD|CLEAR|DISPATCH", "ADD|CLEAR|RECEIPT"] as const;
/** Flags of a change of a knote that exists. */
const CHANGED = [
  "DELETE",
  "DISABLE",
  "ENABLE",
  "ENABLE|DISPATCH",
  "ADD",
  "ADD|CLEAR",
  "0",
] as const;
/** Kinds whose knotes of READ have a low-water mark (NOTE_LOWAT). */
const HAS_LOWAT = new Set(["unix", "tcp"]);
/** Kinds of which Linux does not show a shutdown for writing. */
const HIDES_SHUTDOWN = new Set(["dgram", "udp"]);
const VNODE = ["WRITE", "EXTEND", "ATTRIB", "LINK", "RENAME", "DELETE"] as const;
const USER = ["FFNOP", "FFAND", "FFOR", "FFCOPY"] as const;
/** Sources that exist on FreeBSD, too. */
const OTHERS: readonly Source[] = ["fifo", "fifo", "connection"];

export class KqueueProgram extends SourceProgram {
  readonly #queues = ["q"];
  /** Knotes that the program has added and not deleted: a queue, a filter and an ident. */
  readonly #knotes = new Set<string>();

  constructor() {
    super("kqueue q");
  }

  #queue(number: number): string {
    return pick([...this.#queues, "q", "q"], number);
  }

  #flags(key: string, number: number): string {
    if (this.#knotes.has(key)) {
      const flags = pick(CHANGED, number);
      if (flags === "DELETE") this.#knotes.delete(key);
      return flags;
    }
    if (number % 19 === 0) return pick(["DELETE", "ENABLE", "DISABLE", "0"], number >> 5);
    this.#knotes.add(key);
    if (number % 4 === 0) return pick(ADDED_SELDOM, number >> 2);
    return pick(/ (READ|WRITE) /.test(key) ? ADDED : ADDED_OTHERS, number >> 2);
  }

  change(a: number, b: number, c: number): void {
    const on = this.#queue(a);
    const name = this.pickOpen(b);
    if (name === undefined) return;
    const kind = this.kinds.get(name);
    if (kind === "file on disk" && a % 3 !== 0) {
      const notes = VNODE.filter((_, i) => ((b >> i) & 1) !== 0);
      const flags = this.#flags(`${on} VNODE ${name}`, c);
      this.emit("kevent", on, "VNODE", name, flags, notes.join("|") || "WRITE");
      return;
    }
    const reads = kind === "read" ? c % 7 !== 0 : kind === "write" ? c % 7 === 0 : c % 2 === 0;
    const filter = reads ? "READ" : "WRITE";
    let flags = this.#flags(`${on} ${filter} ${name}`, c >> 3);
    // On FreeBSD every operation on an eventfd or a file is an edge for both filters.
    if (kind === "event" || kind === "file on disk") flags = flags.replace("|CLEAR", "");
    // Pipes have no low-water mark on FreeBSD; below the mark, Linux reports to an outer queue once.
    const hasLowat = reads && on === "q" && HAS_LOWAT.has(kind as string);
    const lowat = hasLowat && a % 3 === 0 ? ["LOWAT", (b % 5) + 1] : [];
    this.emit("kevent", on, filter, name, flags, ...lowat);
  }

  /** A change for a closed descriptor comes at once: later an own descriptor of a queue may have its number. */
  override close(a: number, b = 0, c = 0): void {
    const name = this.pickOpen(a);
    super.close(a);
    if (name === undefined || b % 4 !== 0) return;
    const filter = b % 8 === 0 ? "READ" : "WRITE";
    this.emit("kevent", "q", filter, name, pick(CHANGED, c));
    this.#knotes.delete(`q ${filter} ${name}`);
  }

  user(a: number, b: number, c: number): void {
    const on = this.#queue(a);
    const ident = b % 3;
    const key = `${on} USER ${ident}`;
    const notes = `${pick(USER, c)}|${(a >> 4) & 7}`;
    if (this.#knotes.has(key) && b % 3 !== 0) {
      this.emit("kevent", on, "USER", ident, "0", `${notes}|TRIGGER`);
    } else {
      this.emit("kevent", on, "USER", ident, this.#flags(key, c), notes);
    }
  }

  other(a: number, b: number, c: number): void {
    this.source(a, b, c, OTHERS);
  }

  /** A timer that expires within a millisecond, or not before the program ends. */
  timer(a: number, b: number, c: number): void {
    const on = this.#queue(a);
    const ident = b % 3;
    const flags = this.#flags(`${on} TIMER ${ident}`, c);
    const isSoon = flags.includes("ONESHOT");
    this.emit("kevent", on, "TIMER", ident, flags, "0", isSoon ? 1 : 100_000);
    if (isSoon) this.emit("nap", 4);
  }

  override move(a: number, b: number, c: number): void {
    const name = this.pickOpen(a);
    if (name === undefined) return;
    const kind = this.kinds.get(name) as string;
    const step = pick(SOCKET_STEPS, b);
    if (step === "shutdown" && HIDES_SHUTDOWN.has(kind)) return;
    // A listener that was shut down has an error on FreeBSD, but not on Linux.
    if (kind === "listener") return;
    // No step reads the urgent byte: Linux does not show a mark whose byte was read.
    if (kind === "tcp" && a % 5 === 0) this.emit("send", name, pick([1, 3], b), "oob");
    else if (kind !== "file on disk") super.move(a, b, c);
    else if (b % 2 === 0) this.emit("write", name, (c % 3) + 1);
    else this.emit("read", name, (c % 3) + 1);
  }

  /** A step in a folder. */
  folder(a: number, b: number, c: number): void {
    const path = pick(PATHS, a);
    const step = pick(["file", "open", "open", "append", "append", "rename", "unlink", "chmod"], c);
    // No step truncates a file that exists: Linux merges the truncation and the write.
    if (step === "file") {
      if (!this.files.has(path)) this.writeFile(path, b % 5);
    } else if (!this.files.has(path)) {
      return;
    } else if (step === "open") {
      const name = this.newName();
      this.emit("open", name, path, "rw");
      this.kinds.set(name, "file on disk");
    } else {
      this.changeFile(step, path, pick(PATHS, b), b);
    }
  }

  nest(a: number, b: number, c: number): void {
    if (this.#queues.length < MOST_QUEUES) {
      const name = `q${this.#queues.length}`;
      this.emit("kqueue", name);
      this.#queues.push(name);
    }
    const [inner, outer] = [pick(this.#queues, a), pick(this.#queues, b)];
    if (this.#queues.indexOf(inner) <= this.#queues.indexOf(outer)) return;
    // With EV_CLEAR Linux reports to an outer queue more often.
    const flags = this.#flags(`${outer} READ ${inner}`, c).replace("|CLEAR", "");
    this.emit("kevent", outer, "READ", inner, flags);
  }

  /** Waits for inner queues first: FreeBSD counts an active knote as ready until a scan has tested it. */
  wait(): void {
    for (const queue of this.#queues.toReversed()) this.emit("kwait", queue);
  }
}
