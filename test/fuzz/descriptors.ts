// The steps of random programs with descriptors, for every kind of wait. Numbers make a program: the same
// numbers make the same program, and fewer numbers make a shorter one. So fast-check can shrink a program
// that differs to the steps that matter.
//
// Only programs with kqueue send urgent data: poll(2) of a machine whose TCP buffers are short of memory
// was seen to report a socket as readable that has nothing but an urgent byte.

const HALVES = ["rd", "wr", "wr", "rdwr"] as const;

/** Kinds of descriptors, repeated by their frequency. Steps with TCP and UDP wait in real time. */
const KINDS =
  "pipe pipe pipe pipe unix unix unix unix dgram dgram seqpacket event event event file null tcp udp".split(
    " ",
  );
/** Sizes of packets in bytes. */
export const PACKETS = [0, 1, 3, 100] as const;
/** Steps with a socket, repeated by their frequency. */
export const SOCKET_STEPS = [
  "write",
  "write",
  "write",
  "read",
  "read",
  "drain",
  "shutdown",
  "so_error",
] as const;

/** The element that a number stands for. */
export function pick<Value>(from: readonly Value[], number: number): Value {
  return from[number % from.length] as Value;
}

/** A program under construction. */
export abstract class Descriptors {
  readonly steps: string[];
  /** Kinds of the open descriptors, by name. */
  readonly kinds = new Map<string, string>();
  /** Names of the closed descriptors. */
  readonly closed: string[] = [];
  #made = 0;

  constructor(...steps: string[]) {
    this.steps = steps;
  }

  /** A name for a new descriptor. */
  newName(): string {
    return `d${++this.#made}`;
  }

  /** Adds a step. */
  emit(...words: Array<string | number>): void {
    this.steps.push(words.join(" "));
  }

  /** The open descriptor that a number stands for; undefined if all are closed. */
  pickOpen(number: number): string | undefined {
    return [...this.kinds.keys()][number % Math.max(1, this.kinds.size)];
  }

  make(a: number, b: number): void {
    const kind = pick(KINDS, a);
    if (kind === "event") {
      const name = this.newName();
      this.emit("eventfd", name, b % 4, ...(b % 3 === 0 ? ["semaphore"] : []));
      this.kinds.set(name, kind);
      return;
    }
    if (kind === "file" || kind === "null") {
      const name = this.newName();
      this.emit("open", name, kind === "null" ? "/dev/null" : "/dev/zero", "rw");
      this.kinds.set(name, kind);
      return;
    }
    const [first, second] = [this.newName(), this.newName()];
    if (kind === "unix") this.emit("socketpair", first, second);
    else if (kind === "dgram" || kind === "seqpacket") this.emit("socketpair", first, second, kind);
    else this.emit(kind, first, second);
    this.kinds.set(first, kind === "pipe" ? "read" : kind);
    this.kinds.set(second, kind === "pipe" ? "write" : kind);
  }

  /** Moves data through a descriptor, or shuts it down. */
  move(a: number, b: number, c: number): void {
    const name = this.pickOpen(a);
    if (name === undefined) return;
    const kind = this.kinds.get(name) as string;
    if (kind === "read") {
      this.emit(
        ...pick(
          [
            ["read", name, 1],
            ["read", name, 4096],
            ["drain", name],
          ],
          b,
        ),
      );
    } else if (kind === "write") {
      this.emit(
        ...pick(
          [
            ["write", name, 1],
            ["write", name, 3],
            ["write", name, 5000],
            ["fill", name],
          ],
          b,
        ),
      );
    } else if (kind === "event") {
      this.emit(
        ...pick(
          [
            ["eventfd_read", name],
            ["eventfd_write", name, c % 3],
          ],
          b,
        ),
      );
    } else if (kind !== "file" && kind !== "null") {
      this.#moveSocket(name, kind, b, c);
    }
  }

  #moveSocket(name: string, kind: string, b: number, c: number): void {
    const packets = kind !== "unix" && kind !== "tcp";
    const step = pick(SOCKET_STEPS, b);
    if (step === "write") this.emit(step, name, pick(packets ? PACKETS : [1, 3, 100], c));
    else if (step === "read") this.emit(step, name, pick([1, 4096], c));
    else if (step === "drain") this.emit(...(packets ? ["read", name, 9] : ["drain", name]));
    else if (step === "shutdown") this.emit(step, name, pick(HALVES, c));
    else this.emit(step, name);
  }

  close(a: number): void {
    const name = this.pickOpen(a);
    if (name === undefined) return;
    this.emit("close", name);
    this.kinds.delete(name);
    this.closed.push(name);
  }

  dup(a: number): void {
    const of = this.pickOpen(a);
    if (of === undefined) return;
    const name = this.newName();
    this.emit("dup", name, of);
    this.kinds.set(name, this.kinds.get(of) as string);
  }
}
