// Random programs with epoll, poll and select.

import { pick } from "./descriptors.ts";
import { SourceProgram } from "./sources.ts";

/** Bits of an interest mask. */
const EVENTS = ["IN", "OUT", "PRI", "RDHUP", "RDNORM", "WRNORM", "RDBAND", "WRBAND"] as const;
/** Flags of a registration, repeated by their frequency. */
const FLAGS = ["", "", "", "", "ET", "ET", "ET", "ONESHOT", "ET|ONESHOT", "EXCLUSIVE"] as const;
const MOST_EPOLLS = 4;

type Step = "make" | "source" | "control" | "move" | "close" | "dup" | "nest" | "wait" | "poll_all";

/** Steps, repeated by their frequency. */
export const EPOLL_STEPS =
  "make make source source control control control control move move move move move close dup nest wait poll_all poll_all".split(
    " ",
  ) as Step[];

export class EpollProgram extends SourceProgram {
  readonly #epolls = ["e"];
  /** Registrations that the program has made: an object and a descriptor. */
  readonly #registered = new Set<string>();

  constructor() {
    super("epoll e", "polling p");
  }

  #mask(number: number, flagNumber: number): string {
    const names = EVENTS.filter(
      (_, i) => ((number >> i) & 1) !== 0 && ((number >> (i + 8)) & 1) !== 0,
    );
    const flags = pick(FLAGS, flagNumber);
    return [...names, ...(flags === "" ? [] : [flags])].join("|") || "0";
  }

  control(a: number, b: number, c: number): void {
    const on = pick([...this.#epolls, "e", "e", "p", "p"], a);
    const name = c % 10 === 0 && this.closed.length > 0 ? pick(this.closed, b) : this.pickOpen(b);
    if (name === undefined) return;
    const key = `${on} ${name}`;
    const mask = this.#mask(c, on === "p" ? 0 : a >> 3);
    if (!this.#registered.has(key)) {
      this.emit(b % 7 === 0 ? "modify" : "register", on, name, mask);
      this.#registered.add(key);
    } else if (c % 3 !== 0) {
      this.emit(c % 4 === 1 ? "register" : "modify", on, name, mask);
    } else {
      this.emit("unregister", on, name);
      this.#registered.delete(key);
    }
  }

  nest(a: number, b: number, c: number): void {
    if (this.#epolls.length < MOST_EPOLLS) {
      const name = `e${this.#epolls.length}`;
      this.emit("epoll", name);
      this.#epolls.push(name);
    }
    const [inner, outer] = [pick(this.#epolls, a), pick(this.#epolls, b)];
    this.emit(a % 3 === 0 ? "modify" : "register", outer, inner, this.#mask(c, b >> 3));
  }

  wait(a: number, b: number): void {
    this.emit("poll", pick(this.#epolls, a), 0, (b % 3) + 1);
  }

  poll_all(a: number): void {
    this.emit("poll_all", pick(this.#epolls, a), "p");
  }
}
