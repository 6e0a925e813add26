// More steps of random programs: FIFOs, files and folders, unconnected sockets, listeners, timers,
// processes, inotify.

import { Descriptors, pick } from "./descriptors.ts";

/** Names of files. */
export const PATHS = ["one", "two", "three"] as const;
const FIFOS = ["first", "second"] as const;
const NOTES = [
  "ACCESS",
  "MODIFY",
  "ATTRIB",
  "CLOSE",
  "OPEN",
  "MOVED",
  "CREATE",
  "DELETE",
  "DELETE_SELF",
  "MOVE_SELF",
] as const;
const FAMILIES = ["unix", "unix", "unix", "inet"] as const;
const TYPES = ["stream", "stream", "stream", "dgram"] as const;
const KINDS: Record<string, string> = {
  "unix stream": "unix",
  "unix dgram": "dgram",
  "inet stream": "tcp",
  "inet dgram": "udp",
};
/** Children of one program: a process takes time to start. */
const MOST_CHILDREN = 1;

export type Source =
  | "fifo"
  | "file"
  | "folder"
  | "socket"
  | "connection"
  | "timer"
  | "child"
  | "inotify";

/** Sources, repeated by their frequency. */
const SOURCES = (
  "fifo fifo file file folder folder folder folder socket socket connection connection connection connection " +
  "timer timer timer child inotify inotify inotify"
).split(" ") as Source[];

/** Steps with descriptors other than sockets, pipes and eventfds; `*` is the name of the descriptor. */
const STEPS: Record<string, readonly string[]> = {
  fifo: ["write * 1", "write * 3", "write * 5000", "fill *", "read * 1", "read * 4096", "drain *"],
  "file on disk": ["write * 1", "write * 3", "read * 2"],
  timer: ["read * 8", "read * 4", "write * 8"],
  child: ["kill *", "read * 8"],
  listener: [
    "write * 1",
    "read * 1",
    "so_error *",
    "shutdown * rd",
    "shutdown * wr",
    "shutdown * rdwr",
  ],
  inotify: ["read * 4096", "read * 40", "read * 8", "write * 1"],
};

/** Kinds of descriptors whose files inotify can watch. */
const WATCHABLE = new Set(["file on disk", "folder"]);

/** The arguments of socket(2). */
interface SocketArguments {
  readonly family: string;
  readonly type: string;
}

export class SourceProgram extends Descriptors {
  readonly #fifos = new Set<string>();
  /** Names of the files that exist. */
  readonly files = new Set<string>();
  readonly #sockets = new Map<string, SocketArguments>();
  readonly #bound: string[] = [];
  readonly #listeners: string[] = [];
  readonly #timers: string[] = [];
  #children = 0;
  readonly #inotifies: string[] = [];

  /** Adds a step that opens a descriptor; returns its name. */
  #add(kind: string, ...words: Array<string | number>): string {
    const name = this.newName();
    const [word, ...more] = words as [string, ...string[]];
    this.emit(word, name, ...more);
    this.kinds.set(name, kind);
    return name;
  }

  override move(a: number, b: number, c: number): void {
    const name = this.pickOpen(a);
    if (name === undefined) return;
    const kind = this.kinds.get(name) as string;
    const steps = STEPS[kind];
    if (kind === "folder") this.#sources.folder(b, c, a >> 3);
    else if (steps === undefined) super.move(a, b, c);
    else this.emit(...pick(steps, b).replace("*", name).split(" "));
  }

  /** The open descriptors among `names`. */
  #openOf(names: Iterable<string>): string[] {
    return [...names].filter((name) => this.kinds.has(name));
  }

  /** Creates a file, or truncates and writes it. */
  protected writeFile(path: string, size: number): void {
    this.emit("file", path, size);
    this.files.add(path);
  }

  /** Changes a file that exists. */
  protected changeFile(step: string, path: string, other: string, size: number): void {
    if (step === "append") this.emit(step, path, (size % 3) + 1);
    else if (step === "chmod") this.emit(step, path);
    else if (step === "unlink") {
      this.emit(step, path);
      this.files.delete(path);
    } else if (path !== other) {
      this.emit(step, path, other);
      this.files.delete(path);
      this.files.add(other);
    }
  }

  #socket(family: string, type: string): string {
    const name = this.#add(KINDS[`${family} ${type}`] as string, "socket", family, type);
    this.#sockets.set(name, { family, type });
    return name;
  }

  #bind(name: string): void {
    if (this.#bound.includes(name)) return;
    this.emit("bind", name, (this.#sockets.get(name) as SocketArguments).family);
    this.#bound.push(name);
  }

  /** Connects an open socket to a bound one of its family and type, which may be closed. */
  #connect(a: number, c: number): void {
    const name: string | undefined = pick(this.#openOf(this.#sockets.keys()), a);
    if (name === undefined) return;
    const { family, type } = this.#sockets.get(name) as SocketArguments;
    const targets = this.#bound.filter((other) => {
      const target = this.#sockets.get(other) as SocketArguments;
      if (target.family !== family || target.type !== type) return false;
      // The simulation has no self-connection of TCP.
      return family === "unix" || other !== name;
    });
    if (targets.length > 0) this.emit("connect", name, pick(targets, c));
  }

  source(a: number, b: number, c: number, from: readonly Source[] = SOURCES): void {
    this.#sources[pick(from, a)](b, c, a >> 5);
  }

  readonly #sources: Record<Source, (a: number, b: number, c: number) => void> = {
    fifo: (a, b) => {
      const path = pick(FIFOS, a);
      if (!this.#fifos.has(path)) {
        this.emit("mkfifo", path);
        this.#fifos.add(path);
      }
      const how = pick(["r", "r", "w", "w", "rw"], b);
      this.#add(how === "r" ? "read" : how === "w" ? "write" : "fifo", "open", path, how);
    },
    file: (a, b) => {
      const path = pick(PATHS, a);
      if (b % 3 === 0 || !this.files.has(path)) {
        this.writeFile(path, b % 5);
      } else {
        this.#add("file on disk", "open", path, pick(["r", "rw", "w"], b >> 2));
      }
    },
    folder: (a, b, c) => {
      const [path, other] = [pick(PATHS, a), pick(PATHS, b)];
      if (c % 6 === 0) this.#add("folder", "open", ".", "r");
      if (!this.files.has(path)) this.writeFile(path, b % 5);
      this.changeFile(pick(["append", "append", "rename", "unlink", "chmod"], c), path, other, b);
    },
    socket: (a, b) => {
      const name = this.#socket(pick(FAMILIES, a), pick(TYPES, b));
      if (b % 4 === 1) this.#bind(name);
    },
    connection: (a, b, c) => {
      const listener: string | undefined = pick(this.#openOf(this.#listeners), a);
      const step = pick(["client", "pair", "pair", "pair", "accept", "listen", "connect"], b);
      if (listener === undefined || step === "listen") {
        const name = listener ?? this.#socket(pick(FAMILIES, a), "stream");
        this.#bind(name);
        this.emit("listen", name, c % 3);
        this.#listeners.push(name);
        this.kinds.set(name, "listener");
      } else if (step === "connect") {
        this.#connect(a, c);
      } else {
        const { family, type } = this.#sockets.get(listener) as SocketArguments;
        if (step !== "accept") this.emit("connect", this.#socket(family, type), listener);
        // The accept may fail when the program runs. Steps with its descriptor fail then, too.
        if (step !== "client") this.#add(KINDS[`${family} ${type}`] as string, "accept", listener);
      }
    },
    timer: (a, b) => {
      const name = pick<string | undefined>(this.#openOf(this.#timers), a);
      const timer = name !== undefined && b % 5 !== 0 ? name : this.#add("timer", "timer");
      if (timer !== name) this.#timers.push(timer);
      this.emit("arm", timer, pick(["past", "past", "past", "never", "off"], b >> 2));
    },
    child: () => {
      if (this.#children++ < MOST_CHILDREN) this.#add("child", "child");
    },
    inotify: (a, b, c) => {
      let name = pick<string | undefined>(this.#openOf(this.#inotifies), a);
      if (name === undefined) {
        name = this.#add("inotify", "inotify");
        this.#inotifies.push(name);
        this.#add("folder", "open", ".", "r");
      } else if (b % 5 === 1) {
        this.emit("unwatch", name, (c % 3) + 1);
        return;
      }
      const watched = pick<[string, string] | undefined>(
        [...this.kinds].filter(([, kind]) => WATCHABLE.has(kind)),
        b >> 3,
      );
      if (watched === undefined) return;
      const notes = NOTES.filter((_, i) => ((c >> i) & 1) !== 0);
      this.emit("watch", name, watched[0], notes.join("|") || "MODIFY");
    },
  };
}
