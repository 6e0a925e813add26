// Callouts (FreeBSD's kern_timeout.c): all callouts that are due at one time run together (softclock),
// so that a scan which one of them wakes finds the knotes of all.

import { Agenda, type Scheduled } from "../time/clock.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { perKernel } from "../kernel/per-kernel.ts";

/** The callouts of one kernel. */
export class Callouts {
  readonly #kernel: Kernel;
  readonly #agenda = new Agenda();
  readonly #softclock = (): void => this.#run();
  /** The entry of the kernel's clock, and the entry of the agenda that it stands for: the first one. */
  #scheduled: Scheduled | undefined;
  #next: Scheduled | undefined;
  #isRunning = false;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** callout_reset: runs `action` once, at `at` ms of the clock. */
  add(at: number, action: () => void): Scheduled {
    const added = this.#agenda.add(at, action);
    this.#reschedule();
    return added;
  }

  /** callout_stop. */
  remove(scheduled: Scheduled): void {
    this.#agenda.remove(scheduled);
    this.#reschedule();
  }

  /** Moves the entry of the kernel's clock to the first callout. */
  #reschedule(): void {
    const { next } = this.#agenda;
    if (this.#isRunning || next === this.#next) return;
    const { clock } = this.#kernel;
    if (this.#scheduled !== undefined) clock.cancel(this.#scheduled);
    this.#next = next;
    this.#scheduled = next && clock.schedule(next.at, this.#softclock);
  }

  /** softclock: runs every callout that is due. */
  #run(): void {
    const now = this.#kernel.clock.now();
    this.#next = undefined;
    this.#scheduled = undefined;
    this.#isRunning = true;
    for (let next = this.#agenda.next; next && next.at <= now; next = this.#agenda.next) {
      this.#agenda.remove(next);
      next.run();
    }
    this.#isRunning = false;
    this.#reschedule();
  }
}

/** The callouts of a kernel. */
export const calloutsOf = perKernel((kernel) => new Callouts(kernel));
