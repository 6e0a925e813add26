// What the calls of a fuzzed guest act on: a host whose waits end, and descriptors that are the fuzzer's alone.

import { EVENT_IN, EVENT_OUT } from "../../../asm/abi.ts";
import { createSelectModule } from "../../../bindings/node/host.ts";
import * as os from "../../../bindings/node/os.ts";
import { host } from "../../../bindings/node/select.ts";
import { CALL_NAMES } from "../../../host/calls.ts";
import type { Host, HostCalls } from "../../../host/host.ts";
import type { GuestTarget } from "../../../wasi/guest/table.ts";
import { fill } from "../../support/descriptors.ts";
import { openSync } from "../../support/files.ts";
import { SOME_FILE } from "../../support/world.ts";
import { FakeSource, PumpedSource } from "../../wasi/fake-source.ts";

const EIO = 5;
/** A longer wait ends at once with EIO, if it is not over. */
const LONGEST_MS = 2;
/** The argument that is the timeout, of the calls that wait. */
const TIMEOUTS: Partial<Record<keyof HostCalls, number>> = { poll: 3, epoll_wait: 4, kevent: 6 };

/** The most waits of one call of a guest: a wait for a few ms, looked at every 0.1 ms, makes fewer. */
const MOST_WAITS = 1000;

/**
 * The host under test, whose waits end: nothing but the guest acts on its descriptors, so that a wait for ever
 * would be one. The host then answers EIO, as a host may.
 */
export class BoundedHost {
  /** Called in the middle of every wait. */
  during: () => void = () => {};
  #waits = 0;
  readonly select = createSelectModule(this.#bounded());

  /** Begins a call of the guest, which may wait so many times. */
  begin(): void {
    this.#waits = 0;
  }

  #bounded(): Host {
    const calls = Object.fromEntries(
      CALL_NAMES.map((name) => {
        const call = (host[name] as (...given: unknown[]) => number).bind(host);
        const timeout = TIMEOUTS[name];
        return [name, timeout === undefined ? call : this.#wait(call, timeout)];
      }),
    );
    const { name, describe, onClose, takeFailure } = host;
    return {
      ...(calls as unknown as HostCalls),
      name,
      describe: describe.bind(host),
      ...(onClose && { onClose: onClose.bind(host) }),
      ...(takeFailure && { takeFailure: takeFailure.bind(host) }),
    };
  }

  #wait(call: (...given: unknown[]) => number, at: number): (...given: unknown[]) => number {
    return (...given) => {
      this.during();
      const ms = given[at] as number;
      // A disabled timer of a short period makes a wait for ever over poll(2) a great many short ones.
      const isShort = ms >= 0 && ms <= LONGEST_MS && ++this.#waits <= MOST_WAITS;
      if (isShort) return call(...given);
      const found = call(...given.slice(0, at), 0, ...given.slice(at + 1));
      return found === 0 ? -EIO : found;
    };
  }
}

/** The first number of the guest's descriptors besides the three streams. */
export const FIRST = 3;

/**
 * Targets for the numbers of a guest: descriptors of all kinds and states, of which the guest owns those of the
 * host. The standard streams are objects of JavaScript.
 *
 * @param during is called in the middle of the calls of a source
 */
export function makeTargets(during: () => void): Map<number, GuestTarget> {
  const made: GuestTarget[] = [new Restless(during), new Restless(during), new Restless(during)];
  const own = (fd: number, isBlocking = false): void => {
    os.set_blocking(fd, isBlocking);
    made.push({ fd, owned: true });
  };
  const [r, w] = os.pipe();
  os.write(w, "0123456789");
  own(r);
  own(w);
  const [empty, blocking] = os.pipe();
  own(empty, true);
  own(blocking, true);
  const [full, filled] = os.pipe();
  os.set_blocking(filled, false);
  fill(filled);
  own(full);
  own(filled);
  for (const type of [os.SOCK_STREAM, os.SOCK_DGRAM]) {
    const [a, b] = os.socketpair(os.AF_UNIX, type);
    os.send(b, "message");
    own(a);
    own(b, true);
  }
  const [ended, gone] = os.pipe();
  os.close(gone);
  own(ended);
  const [left, broken] = os.pipe();
  os.close(left);
  own(broken);
  const listener = os.socket(os.AF_INET, os.SOCK_STREAM);
  os.bind(listener, ["127.0.0.1", 0]);
  os.listen(listener, 8);
  const client = os.socket(os.AF_INET, os.SOCK_STREAM);
  os.connect(client, os.getsockname(listener));
  own(listener);
  own(client);
  own(os.eventfd(3));
  own(os.eventfd(0));
  made.push({ fd: openSync(SOME_FILE, "r"), owned: true });
  made.push(new PumpedSource(during));
  const ready = new Restless(during);
  ready.set(EVENT_IN | EVENT_OUT, 100, 100);
  made.push(ready);
  return new Map(made.entries());
}

/** A source during whose calls something happens. */
class Restless extends FakeSource {
  readonly #during: () => void;

  constructor(during: () => void) {
    super();
    this.#during = during;
    this.set(EVENT_IN | EVENT_OUT, 20, 1000);
  }

  override ready(): number {
    this.#during();
    return super.ready();
  }

  override read(buffer: Uint8Array): number {
    this.#during();
    const length = super.read(buffer);
    if (length > 0) buffer.fill(0xee, 0, length);
    return length;
  }

  override write(bytes?: Uint8Array): number {
    this.#during();
    return Math.min(bytes?.length ?? 0, this.room);
  }
}
