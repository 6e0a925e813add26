// The descriptor of an epoll or a queue, as waits see it.

import { EINTR, EVENT_IN } from "../../asm/abi.ts";
import type { Slot } from "../slots.ts";
import type { Source } from "../source.ts";
import type { Waits } from "../wait.ts";
import type { GuestContext } from "./context.ts";
import type { PollObject } from "./module.ts";

/** Registrations that the kernel does not know. */
interface Group {
  readonly size: number;
  asSource(): Source;
}

/** Answers of a descriptor that has no bytes. */
const nothing = (): number => -1;

/** The descriptor of one epoll or queue. */
export class QueueDescriptor {
  readonly #context: GuestContext;
  /** The descriptor of the host. */
  readonly #fd: number;
  readonly #group: Group;
  readonly #isKernels: boolean;
  /** Tests the descriptor where the host cannot; made when it is needed. */
  #tester: PollObject | undefined;

  /** @param capabilities of a host whose poll(2) knows such a descriptor: one of them is enough */
  constructor(context: GuestContext, fd: number, group: Group, capabilities: number) {
    this.#context = context;
    this.#isKernels = (context.select.host.capabilities() & capabilities) !== 0;
    this.#fd = fd;
    this.#group = group;
  }

  /** What a wait waits for. */
  slot(want: number): Slot {
    const fd = this.#fd;
    const rest = { want, ready: 0, readable: -1, writable: -1, error: 0 };
    const source = this.#group.size > 0 ? this.#group.asSource() : undefined;
    // A kernel's epoll says itself whether it is ready. One that the core translates is known to the core.
    if (this.#isKernels) return { poll: fd, fd, source, ...rest };
    return { poll: -1, fd, source: this.#tested(source), isRescanned: true, ...rest };
  }

  /**
   * The waits of a call, for `ms`, < 0 for ever: makes the call without a wait until it has a result, or the time is
   * over. The result is 0 then.
   */
  *waits(ms: number, attempt: () => number | undefined): Waits {
    const { host } = this.#context.select;
    const deadline = ms < 0 ? Infinity : host.now() + ms;
    for (;;) {
      const found = attempt();
      const left = deadline - host.now();
      if (found !== undefined) return found;
      if (left <= 0) return 0;
      const slots = [this.slot(EVENT_IN)];
      const result = yield { slots, ms: left === Infinity ? -1 : left };
      if (result < 0 && result !== -EINTR) return result;
    }
  }

  /** A source that asks the core, for a host that does not know whether the descriptor is ready. */
  #tested(group: Source | undefined): Source {
    return {
      filetype: 0,
      ready: () => (this.#isReady() ? EVENT_IN : 0),
      watch: (changed) => group?.watch(changed) ?? (() => {}),
      pump: () => group?.pump?.(),
      readable: nothing,
      writable: nothing,
      read: nothing,
      write: nothing,
      shutdown: nothing,
      close: () => {},
    };
  }

  #isReady(): boolean {
    if (this.#tester === undefined) {
      this.#tester = this.#context.select.poll();
      this.#tester.register(this.#fd, EVENT_IN);
    }
    return this.#tester.poll(0).length > 0;
  }
}
