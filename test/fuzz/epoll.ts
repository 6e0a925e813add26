// Random programs with epoll, poll and select.

import { pick } from "./descriptors.ts";
import { SourceProgram } from "./sources.ts";

const ASKED = ["IN", "OUT", "PRI", "RDHUP", "RDNORM", "WRNORM", "RDBAND", "WRBAND"] as const;
const EXTRAS = ["", "", "", "", "ET", "ET", "ET", "ONESHOT", "ET|ONESHOT", "EXCLUSIVE"] as const;
const MOST_EPOLLS = 4;

type Step = "make" | "source" | "control" | "move" | "close" | "dup" | "nest" | "wait" | "look";

/** Steps, those that are taken often several times. */
export const EPOLL_STEPS =
  "make make source source control control control control move move move move move close dup nest wait look look".split(
    " ",
  ) as Step[];

export class EpollProgram extends SourceProgram {
  readonly #epolls = ["e"];
  readonly #known = new Set<string>();

  constructor() {
    super("epoll e", "polling p");
  }

  #mask(number: number, extra: number): string {
    const names = ASKED.filter(
      (_, i) => ((number >> i) & 1) !== 0 && ((number >> (i + 8)) & 1) !== 0,
    );
    const more = pick(EXTRAS, extra);
    return [...names, ...(more === "" ? [] : [more])].join("|") || "0";
  }

  control(a: number, b: number, c: number): void {
    const on = pick([...this.#epolls, "e", "e", "p", "p"], a);
    const name = c % 10 === 0 && this.gone.length > 0 ? pick(this.gone, b) : this.some(b);
    if (name === undefined) return;
    const key = `${on} ${name}`;
    const mask = this.#mask(c, on === "p" ? 0 : a >> 3);
    if (!this.#known.has(key)) {
      this.emit(b % 7 === 0 ? "modify" : "register", on, name, mask);
      this.#known.add(key);
    } else if (c % 3 !== 0) {
      this.emit(c % 4 === 1 ? "register" : "modify", on, name, mask);
    } else {
      this.emit("unregister", on, name);
      this.#known.delete(key);
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

  look(a: number): void {
    this.emit("look", pick(this.#epolls, a), "p");
  }
}
