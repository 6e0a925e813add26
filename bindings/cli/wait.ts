// omnipoll wait: waits for the first events of several sources.

import { STATUS, UsageError } from "./failure.ts";
import { namesOf } from "./masks.ts";
import type { Api } from "./masks.ts";
import { print } from "./output.ts";
import { sourceOf } from "./sources/sources.ts";
import type { Report, Source } from "./sources/source.ts";
import { createWaiter, type Waiter } from "./waiters.ts";

/** The options of `omnipoll wait`. */
export interface WaitOptions {
  readonly api: Api;
  /** In ms; Infinity without a timeout. */
  readonly timeout: number;
  /** The number of events that end the wait. */
  readonly count: number;
  readonly json: boolean;
}

/** An event as it is printed. */
interface Line {
  readonly source: Source;
  readonly report: Report;
  readonly events: readonly string[];
  readonly mask: number;
  readonly elapsed: number;
}

function humanLine({ source, report, events, elapsed }: Line): string {
  const seconds = `${(elapsed / 1000).toFixed(3)} s`.padStart(10);
  const names = events.length > 0 ? `  ${events.join("|")}` : "";
  return `${seconds}  ${source.text}  ${report.happened}${names}\n`;
}

function jsonLine({ source, report, events, mask, elapsed }: Line): string {
  return `${JSON.stringify({
    source: source.text,
    happened: report.happened,
    events,
    mask,
    elapsed_ms: Math.round(elapsed * 1000) / 1000,
    ...report.details,
  })}\n`;
}

/** One run of `omnipoll wait`. */
class Wait {
  readonly #options: WaitOptions;
  readonly #sources: Set<Source>;
  readonly #waiter: Waiter;
  readonly #start = performance.now();
  #left: number;

  constructor(options: WaitOptions, sources: readonly Source[]) {
    this.#options = options;
    this.#sources = new Set(sources);
    this.#waiter = createWaiter(options.api);
    this.#left = options.count;
    for (const source of sources) source.open(this.#waiter);
  }

  /** Waits, and returns the exit status. */
  run(): number {
    const end = this.#start + this.#options.timeout;
    while (this.#left > 0 && this.#sources.size > 0) {
      const due = Math.min(end, ...Array.from(this.#sources, (source) => source.due));
      const remaining = Math.max(0, due - performance.now());
      const ready = this.#waiter.wait(Number.isFinite(due) ? remaining / 1000 : null);
      for (const [fd, mask] of ready) this.#ready(fd, mask);
      this.#expire(performance.now());
      if (this.#left > 0 && performance.now() >= end) return STATUS.TIMEOUT;
    }
    return STATUS.DONE;
  }

  #ready(fd: number, mask: number): void {
    // The source is gone if an earlier event of the same wait ended it.
    const source = [...this.#sources].find((candidate) => candidate.fd === fd);
    if (source !== undefined) this.#report(source, source.ready(mask), mask);
  }

  #expire(now: number): void {
    for (const source of [...this.#sources].sort((a, b) => a.due - b.due)) {
      if (source.due <= now) this.#report(source, source.expire(), 0);
    }
  }

  #report(source: Source, report: Report | undefined, ready: number): void {
    if (report === undefined || this.#left === 0) return;
    this.#left--;
    const { mask = ready, events = namesOf(this.#options.api, mask) } = report;
    const elapsed = performance.now() - this.#start;
    print((this.#options.json ? jsonLine : humanLine)({ source, report, events, mask, elapsed }));
    if (!report.done) return;
    this.#sources.delete(source);
    source.close();
  }

  close(): void {
    for (const source of this.#sources) source.close();
  }
}

/**
 * Waits for the first `count` events of the sources, and prints a line for each.
 *
 * @returns the exit status: 0, or 124 if the timeout passed before
 * @throws {UsageError} if a text is not a source, or a source cannot be opened
 */
export async function wait(texts: readonly string[], options: WaitOptions): Promise<number> {
  if (texts.length === 0) throw new UsageError("a source is missing: omnipoll wait SOURCE…");
  const sources: Source[] = [];
  for (const text of texts) sources.push(await sourceOf(text));
  const run = new Wait(options, sources);
  try {
    return run.run();
  } finally {
    run.close();
  }
}
