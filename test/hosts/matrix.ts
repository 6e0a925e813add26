// The number of tests that each host passes, by API.

import type { HostName } from "./hosts.ts";

/** APIs by the folder of a file. */
const APIS = ["select", "poll", "epoll", "kqueue", "devpoll", "os"] as const;
const OTHER = "other";

/** The results of some tests. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const NONE: Counts = { passed: 0, failed: 0, skipped: 0 };

function sum(a: Counts, b: Counts): Counts {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
  };
}

/** A row for each host, a column for each API. */
export class Matrix {
  readonly #cells = new Map<string, Counts>();
  readonly #hosts: readonly HostName[];

  constructor(hosts: readonly HostName[]) {
    this.#hosts = hosts;
  }

  add(host: HostName, file: string, counts: Counts): void {
    const api = APIS.find((name) => file.startsWith(`${name}/`)) ?? OTHER;
    const key = `${host} ${api}`;
    this.#cells.set(key, sum(this.#cells.get(key) ?? NONE, counts));
  }

  get total(): Counts {
    return [...this.#cells.values()].reduce(sum, NONE);
  }

  /** The table as text: passed, failed, skipped. A host that ran no test has no row. */
  toString(): string {
    const lines = [["", ...APIS, OTHER]];
    for (const host of this.#hosts) {
      const cells = [...APIS, OTHER].map((api) => this.#cells.get(`${host} ${api}`));
      if (cells.every((cell) => cell === undefined)) continue;
      const texts = cells.map((cell) =>
        cell === undefined ? "-" : `${cell.passed}/${cell.failed}/${cell.skipped}`,
      );
      lines.push([host, ...texts]);
    }
    const text = lines.map((cells) => cells.map((cell) => cell.padStart(11)).join(" "));
    return ["passed/failed/skipped", ...text].join("\n");
  }
}
