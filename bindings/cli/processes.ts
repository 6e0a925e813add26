// pid:1234: the end of a process, child or not.

import { POLLIN } from "../constants.ts";
import { close, pidfd_open } from "../node-os.ts";
import { reasonOf, UsageError } from "./failure.ts";
import type { Report, Source } from "./source.ts";
import type { Waiter } from "./waiters.ts";

class ProcessSource implements Source {
  readonly text: string;
  readonly due = Number.POSITIVE_INFINITY;
  readonly #pid: number;
  #waiter: Waiter | undefined;
  fd: number | undefined;

  constructor(text: string, pid: number) {
    this.text = text;
    this.#pid = pid;
  }

  open(waiter: Waiter): void {
    try {
      this.fd = pidfd_open(this.#pid);
    } catch (error) {
      throw new UsageError(`${this.text}: ${reasonOf(error)}`);
    }
    this.#waiter = waiter;
    waiter.add(this.fd, POLLIN, false);
  }

  ready(): Report {
    return { happened: "exited", done: true, details: { pid: this.#pid } };
  }

  expire(): undefined {
    return undefined;
  }

  close(): void {
    if (this.fd === undefined) return;
    this.#waiter?.remove(this.fd);
    close(this.fd);
    this.fd = undefined;
  }
}

const PID_MAX = 0x7fffffff;

export function processSource(text: string, rest: string): Source {
  const pid = Number(rest);
  if (!/^\d+$/.test(rest) || pid === 0 || pid > PID_MAX) {
    throw new UsageError(`${text}: not a process number: ${JSON.stringify(rest)}`);
  }
  return new ProcessSource(text, pid);
}
