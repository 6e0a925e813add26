// Callouts (FreeBSD's kern_timeout.c): what is due at one time happens together, so that who waits
// for one of them finds them all.

import { Agenda, type Scheduled } from "../time/clock.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { perKernel } from "../kernel/per-kernel.ts";

export class Callouts {
  readonly #kernel: Kernel;
  readonly #agenda = new Agenda();
  readonly #softclock = (): void => this.#run();
  /** On the kernel's clock, for the first of the agenda; and when that is. */
  #scheduled: Scheduled | undefined;
  #next: Scheduled | undefined;
  #isRunning = false;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** Runs `action` at a time of the clock, in ms. */
  add(at: number, action: () => void): Scheduled {
    const added = this.#agenda.add(at, action);
    this.#settle();
    return added;
  }

  remove(scheduled: Scheduled): void {
    this.#agenda.remove(scheduled);
    this.#settle();
  }

  #settle(): void {
    const { next } = this.#agenda;
    if (this.#isRunning || next === this.#next) return;
    const { clock } = this.#kernel;
    if (this.#scheduled !== undefined) clock.cancel(this.#scheduled);
    this.#next = next;
    this.#scheduled = next && clock.schedule(next.at, this.#softclock);
  }

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
    this.#settle();
  }
}

/** The callouts of a kernel. */
export const calloutsOf = perKernel((kernel) => new Callouts(kernel));
