// timer:1.5s: a point in time, which becomes the timeout of the wait.

import { durationOf } from "../duration.ts";
import type { Report, Source } from "./source.ts";

class TimerSource implements Source {
  readonly text: string;
  readonly fd = undefined;
  readonly #duration: number;
  due = Number.POSITIVE_INFINITY;

  constructor(text: string, duration: number) {
    this.text = text;
    this.#duration = duration;
  }

  open(): void {
    this.due = performance.now() + this.#duration;
  }

  ready(): undefined {
    return undefined;
  }

  expire(): Report {
    return { happened: "expired", done: true };
  }

  close(): void {
    this.due = Number.POSITIVE_INFINITY;
  }
}

export function timerSource(text: string, rest: string): Source {
  return new TimerSource(text, durationOf(rest, text));
}
