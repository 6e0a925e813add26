// A simulated kernel that belongs to one test, on every host of the suite: a core whose host the test may change,
// and descriptors of that kernel.

import { coreModule, createSelectModule, type SelectModule } from "../../bindings/node/host.ts";
import { createOsModule, type OsModule } from "../../bindings/os/os.ts";
import { type Epoll, OSError } from "../../bindings/node/select.ts";
import { Sim } from "../../bindings/sim/sim.ts";
import { createSimHost } from "../../host/sim/waist/host.ts";
import type { Personality } from "../../host/sim/kernel/kernel.ts";
import { createSimOs } from "../../host/sim/os/os.ts";
import { withObservers } from "../../host/observers.ts";
import type { Host } from "../../host/host.ts";

type Registrations = ReadonlyArray<readonly [fd: number | Epoll, mask: number]>;

/** The outcome of a call: its result, or the name of its error. */
export function outcomeOf(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    if (!(error instanceof OSError)) throw error;
    return error.code;
  }
}

export class World {
  readonly sim: Sim;
  readonly select: SelectModule;
  readonly os: OsModule;
  /** Calls of the core to the kernel. */
  readonly counts = { kevent: 0, poll: 0 };

  /** @param replace calls of the host that the core gets instead */
  constructor(personality: Personality, replace: (host: Host) => Partial<Host> = () => ({})) {
    this.sim = new Sim(coreModule(), { personality });
    const made = createSimHost(this.sim.kernel);
    const calls = { ...made, ...replace(made) };
    const { counts } = this;
    const host: Host = {
      ...calls,
      kevent: (...given) => (counts.kevent++, calls.kevent(...given)),
      poll: (...given) => (counts.poll++, calls.poll(...given)),
    };
    this.select = createSelectModule(host);
    this.os = createOsModule(withObservers(createSimOs(made), host));
  }

  /** The number of calls of the core to the kernel during `body`. */
  callsOf(body: () => void): { kevent: number; poll: number } {
    const { kevent, poll } = this.counts;
    body();
    return { kevent: this.counts.kevent - kevent, poll: this.counts.poll - poll };
  }

  /** The result of `body`, and its duration in virtual ms. */
  timed<Result>(body: () => Result): { result: Result; ms: number } {
    const { clock } = this.sim.kernel;
    const begun = clock.now();
    const result = body();
    return { result, ms: clock.now() - begun };
  }

  /** Lets sent segments arrive. */
  arrive(): void {
    this.sim.advance(0.02);
  }

  epoll(registrations: Registrations = []): Epoll {
    const made = this.select.epoll();
    for (const [fd, mask] of registrations) made.register(fd, mask);
    return made;
  }

  #opened(fds: readonly [number, number]): [number, number] {
    for (const fd of fds) this.os.set_blocking(fd, false);
    return [...fds];
  }

  pipe(): [r: number, w: number] {
    return this.#opened(this.os.pipe());
  }

  socketpair(): [a: number, b: number] {
    return this.#opened(this.os.socketpair());
  }

  eventfd(value = 0): number {
    const fd = this.os.eventfd(value);
    this.os.set_blocking(fd, false);
    return fd;
  }

  /** A TCP socket that connects to `address`. */
  client(address: readonly [string, number]): number {
    const { os } = this;
    const fd = os.socket(os.AF_INET, os.SOCK_STREAM);
    os.set_blocking(fd, false);
    try {
      os.connect(fd, address);
    } catch (error) {
      if (!(error instanceof OSError) || error.code !== "EINPROGRESS") throw error;
    }
    return fd;
  }

  /** A TCP socket that listens on a port of its own. */
  listener(): number {
    const { os } = this;
    const fd = os.socket(os.AF_INET, os.SOCK_STREAM);
    os.bind(fd, ["127.0.0.1", 0]);
    os.listen(fd, 8);
    return fd;
  }

  /** Both ends of a TCP connection. */
  tcp(): [a: number, b: number] {
    const { os } = this;
    const listener = this.listener();
    const client = this.client(os.getsockname(listener) as [string, number]);
    this.arrive();
    const [server] = os.accept(listener);
    os.close(listener);
    return this.#opened([client, server]);
  }

  /** Writes until nothing more is taken; returns how many bytes were. */
  fill(fd: number): number {
    let total = 0;
    for (let size = 65536; size >= 1;) {
      try {
        total += this.os.write(fd, "x".repeat(size));
      } catch (error) {
        if (!(error instanceof OSError) || error.code !== "EAGAIN") throw error;
        size = Math.floor(size / 2);
      }
    }
    return total;
  }
}
