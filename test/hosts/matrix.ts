// Which host passes how many tests of which API.

/** APIs by the beginning of a file's name. */
const APIS = ["select", "poll", "epoll", "kqueue", "devpoll", "os"] as const;
const OTHER = "other";

interface Cell {
  passed: number;
  failed: number;
  skipped: number;
}

export class Matrix {
  readonly #cells = new Map<string, Cell>();
  readonly #hosts: string[] = [];

  add(host: string, file: string, passed: number, failed: number, skipped: number): void {
    if (!this.#hosts.includes(host)) this.#hosts.push(host);
    const api = APIS.find((name) => file.startsWith(`${name}/`)) ?? OTHER;
    const key = `${host} ${api}`;
    const cell = this.#cells.get(key) ?? { passed: 0, failed: 0, skipped: 0 };
    this.#cells.set(key, cell);
    cell.passed += passed;
    cell.failed += failed;
    cell.skipped += skipped;
  }

  /** A line for each host, a column for each API: passed, failed, skipped. */
  toString(): string {
    const lines = [["", ...APIS, OTHER]];
    for (const host of this.#hosts) {
      const cells = [...APIS, OTHER].map((api) => {
        const cell = this.#cells.get(`${host} ${api}`);
        return cell === undefined ? "-" : `${cell.passed}/${cell.failed}/${cell.skipped}`;
      });
      lines.push([host, ...cells]);
    }
    const text = lines.map((cells) => cells.map((cell) => cell.padStart(11)).join(" "));
    return ["passed/failed/skipped", ...text].join("\n");
  }
}
