// /dev/omnipoll: pairs and eventfds that a guest opens by path, as WASI has neither socketpair nor eventfd.

import { ENOENT } from "../../asm/abi.ts";
import { failureOf } from "./failure.ts";
import type { Holder } from "./files.ts";
import type { OsObject } from "./module.ts";
import type { OpenFile } from "./open-file.ts";
import { TYPE_DIRECTORY } from "./preview1.ts";

/** The path of the directory. */
export const DIRECTORY = "/dev/omnipoll";
const EBUSY = 16;
/** Most pairs and eventfds that were opened and are not closed: names are the guest's to choose. */
const MOST = 4096;
const ENOSPC = 28;
const PATH = /^(?:pair\/([^/]{1,255})\/([ab])|eventfd\/([^/]{1,255}))$/;

/** The directory as an open file. */
export class DirectoryFile implements OpenFile {
  readonly isPollable = false;
  readonly holders = new Set<Holder>();
  readonly poll = -1;
  readonly filetype = TYPE_DIRECTORY;
  close(): void {}
}

/** The ends of a pair: a descriptor of the host until the end is opened, then whether it was closed. */
interface Pair {
  readonly fds: [a: number, b: number];
  readonly taken: [a: boolean, b: boolean];
}

/** What a path of the directory names. */
interface Parsed {
  readonly kind: "pair" | "eventfd";
  readonly name: string;
  readonly end: 0 | 1;
}

/** The pairs and eventfds of one guest, by name. */
export class Names {
  readonly #os: OsObject;
  readonly #pairs = new Map<string, Pair>();
  readonly #eventfds = new Map<string, number>();

  constructor(os: OsObject) {
    this.#os = os;
  }

  #parse(path: string): Parsed | undefined {
    const [, pair, end, eventfd] = PATH.exec(path) ?? [];
    if (pair !== undefined) return { kind: "pair", name: pair, end: end === "a" ? 0 : 1 };
    return eventfd === undefined ? undefined : { kind: "eventfd", name: eventfd, end: 0 };
  }

  /** Whether a path names something that can be opened. */
  has(path: string): boolean {
    return this.#parse(path) !== undefined;
  }

  /** The number of descriptors of the host that the names themselves keep open. */
  get size(): number {
    return this.#pairs.size + this.#eventfds.size;
  }

  /** How many more descriptors are open once a path is opened, the new one among them. */
  costOf(path: string): number {
    const parsed = this.#parse(path);
    if (parsed?.kind === "pair") return this.#pairs.has(parsed.name) ? 0 : 2;
    return parsed === undefined || this.#eventfds.has(parsed.name) ? 1 : 2;
  }

  /**
   * A descriptor of the host for a path, which the caller owns. An end of a pair can be opened once; the name is
   * free again when both were. An eventfd can be opened any number of times. A negative errno of Linux.
   */
  open(path: string): number {
    const parsed = this.#parse(path);
    if (parsed === undefined) return -ENOENT;
    try {
      return parsed.kind === "pair"
        ? this.#openEnd(parsed.name, parsed.end)
        : this.#openEventfd(parsed.name);
    } catch (error) {
      return failureOf(error);
    }
  }

  #openEnd(name: string, end: 0 | 1): number {
    const known = this.#pairs.get(name);
    if (known?.taken[end] === true) return -EBUSY;
    if (known === undefined && this.size >= MOST) return -ENOSPC;
    const pair: Pair = known ?? { fds: this.#os.socketpair(), taken: [false, false] };
    pair.taken[end] = true;
    if (pair.taken[0] && pair.taken[1]) this.#pairs.delete(name);
    else this.#pairs.set(name, pair);
    return pair.fds[end];
  }

  #openEventfd(name: string): number {
    const known = this.#eventfds.get(name);
    if (known === undefined && this.size >= MOST) return -ENOSPC;
    const fd = known ?? this.#os.eventfd(0, 0);
    this.#eventfds.set(name, fd);
    return this.#os.dup(fd);
  }

  /** Closes what was not opened, and forgets all names. */
  dispose(): void {
    for (const { fds, taken } of this.#pairs.values()) {
      if (!taken[0]) this.#os.close(fds[0]);
      if (!taken[1]) this.#os.close(fds[1]);
    }
    for (const fd of this.#eventfds.values()) this.#os.close(fd);
    this.#pairs.clear();
    this.#eventfds.clear();
  }
}
