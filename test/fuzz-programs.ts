// Random programs for a Machine, made of numbers: the same numbers, the same program, and fewer
// numbers a shorter one. So fast-check can shrink what differs to what matters.
//
// Without urgent data: a machine whose TCP buffers are short of memory was seen to call a socket
// readable that has nothing but an urgent byte.

import { type Arbitrary, array, nat as naturals, tuple } from "fast-check";

const ASKED = ["IN", "OUT", "PRI", "RDHUP", "RDNORM", "WRNORM", "RDBAND", "WRBAND"] as const;
const EXTRAS = ["", "", "", "", "ET", "ET", "ET", "ONESHOT", "ET|ONESHOT", "EXCLUSIVE"] as const;
const HALVES = ["rd", "wr", "wr", "rdwr"] as const;
const MOST_EPOLLS = 4;

/** What is made, those that are made often several times. Only TCP and UDP take real time. */
const KINDS =
  "pipe pipe pipe pipe unix unix unix unix dgram dgram seqpacket event event event file null tcp udp".split(
    " ",
  );
const STEPS =
  "make make control control control control move move move move move close dup nest wait look look".split(
    " ",
  );

/** Numbers that one step is made of. */
export type Choice = readonly [step: number, a: number, b: number, c: number];

const nat = naturals({ max: 0xffff });

/** Programs of at most `steps` steps, as numbers. */
export function choices(steps: number): Arbitrary<Choice[]> {
  return array(tuple(nat, nat, nat, nat), { minLength: 1, maxLength: steps, size: "max" });
}

function pick<Value>(from: readonly Value[], number: number): Value {
  return from[number % from.length] as Value;
}

class Program {
  readonly steps = ["epoll e", "polling p"];
  readonly #kinds = new Map<string, string>();
  readonly #gone: string[] = [];
  readonly #epolls = ["e"];
  readonly #known = new Set<string>();
  #made = 0;

  #name(): string {
    return `d${++this.#made}`;
  }

  #emit(...words: Array<string | number>): void {
    this.steps.push(words.join(" "));
  }

  #some(number: number): string | undefined {
    return [...this.#kinds.keys()][number % Math.max(1, this.#kinds.size)];
  }

  #mask(number: number, extra: number): string {
    const names = ASKED.filter(
      (_, i) => ((number >> i) & 1) !== 0 && ((number >> (i + 8)) & 1) !== 0,
    );
    const more = pick(EXTRAS, extra);
    return [...names, ...(more === "" ? [] : [more])].join("|") || "0";
  }

  make(a: number, b: number): void {
    const kind = pick(KINDS, a);
    if (kind === "event") {
      const name = this.#name();
      this.#emit("eventfd", name, b % 4, ...(b % 3 === 0 ? ["semaphore"] : []));
      this.#kinds.set(name, kind);
      return;
    }
    if (kind === "file" || kind === "null") {
      const name = this.#name();
      this.#emit("open", name, kind === "null" ? "/dev/null" : "/dev/zero", "rw");
      this.#kinds.set(name, kind);
      return;
    }
    const [first, second] = [this.#name(), this.#name()];
    if (kind === "unix") this.#emit("socketpair", first, second);
    else if (kind === "dgram" || kind === "seqpacket")
      this.#emit("socketpair", first, second, kind);
    else this.#emit(kind, first, second);
    this.#kinds.set(first, kind === "pipe" ? "read" : kind);
    this.#kinds.set(second, kind === "pipe" ? "write" : kind);
  }

  control(a: number, b: number, c: number): void {
    const on = pick([...this.#epolls, "e", "e", "p", "p"], a);
    const name = c % 10 === 0 && this.#gone.length > 0 ? pick(this.#gone, b) : this.#some(b);
    if (name === undefined) return;
    const key = `${on} ${name}`;
    const mask = this.#mask(c, on === "p" ? 0 : a >> 3);
    if (!this.#known.has(key)) {
      this.#emit(b % 7 === 0 ? "modify" : "register", on, name, mask);
      this.#known.add(key);
    } else if (c % 3 !== 0) {
      this.#emit(c % 4 === 1 ? "register" : "modify", on, name, mask);
    } else {
      this.#emit("unregister", on, name);
      this.#known.delete(key);
    }
  }

  move(a: number, b: number, c: number): void {
    const name = this.#some(a);
    if (name === undefined) return;
    const kind = this.#kinds.get(name) as string;
    if (kind === "read") {
      this.#emit(
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
      this.#emit(
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
      this.#emit(
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
    const step = pick(
      ["write", "write", "write", "read", "read", "drain", "shutdown", "so_error"],
      b,
    );
    if (step === "write") this.#emit(step, name, pick(packets ? [0, 1, 3, 100] : [1, 3, 100], c));
    else if (step === "read") this.#emit(step, name, pick([1, 4096], c));
    else if (step === "drain") this.#emit(...(packets ? ["read", name, 9] : ["drain", name]));
    else if (step === "shutdown") this.#emit(step, name, pick(HALVES, c));
    else this.#emit(step, name);
  }

  close(a: number): void {
    const name = this.#some(a);
    if (name === undefined) return;
    this.#emit("close", name);
    this.#kinds.delete(name);
    this.#gone.push(name);
  }

  dup(a: number): void {
    const of = this.#some(a);
    if (of === undefined) return;
    const name = this.#name();
    this.#emit("dup", name, of);
    this.#kinds.set(name, this.#kinds.get(of) as string);
  }

  nest(a: number, b: number, c: number): void {
    if (this.#epolls.length < MOST_EPOLLS) {
      const name = `e${this.#epolls.length}`;
      this.#emit("epoll", name);
      this.#epolls.push(name);
    }
    const [inner, outer] = [pick(this.#epolls, a), pick(this.#epolls, b)];
    this.#emit(a % 3 === 0 ? "modify" : "register", outer, inner, this.#mask(c, b >> 3));
  }

  wait(a: number, b: number): void {
    this.#emit("poll", pick(this.#epolls, a), 0, (b % 3) + 1);
  }

  look(a: number): void {
    this.#emit("look", pick(this.#epolls, a), "p");
  }
}

/** The steps of the program that the numbers stand for. */
export function programOf(numbers: readonly Choice[]): string[] {
  const program = new Program();
  for (const [step, a, b, c] of numbers) {
    const name = pick(STEPS, step) as
      | "make"
      | "control"
      | "move"
      | "close"
      | "dup"
      | "nest"
      | "wait"
      | "look";
    program[name](a, b, c);
  }
  return program.steps;
}
