// createGuest: the descriptors of one WASI guest, and its calls on them.

import type { Host } from "../../host/host.ts";
import { EVENT_IN, EVENT_OUT } from "../../asm/abi.ts";
import { type Clock, clocksOf } from "../clocks.ts";
import { Oneoff } from "../oneoff.ts";
import { type OneoffHost, type Slot, slotOf } from "../slots.ts";
import type { Source } from "../source.ts";
import { exit, suspendingImport } from "../suspend.ts";
import { Cancellation, Waiter, type Waits } from "../wait.ts";
import { cancellable } from "./cancellable.ts";
import { descriptorCalls, refusedCalls } from "./descriptors.ts";
import { Names } from "./directory.ts";
import { kindOf } from "./host-file.ts";
import { type GuestLimits, limitsOf, Registrations, waitBudgetOf } from "./limits.ts";
import { GuestMemory } from "./memory.ts";
import type { OsObject, SelectObject } from "./module.ts";
import { omnipollCalls } from "./omnipoll.ts";
import { pathCalls } from "./paths.ts";
import { type Runtime, runtimeOf } from "./runtime.ts";
import { type GuestTarget, Table } from "./table.ts";
import { slotOfFile, transferCalls } from "./transfers.ts";

/** A function that a guest imports: it takes 32-bit numbers and 64-bit bigints, and returns a number. */
export type GuestCall = (...given: never[]) => number;

export interface GuestOptions {
  /** The module omnipoll as an object, on the host whose descriptors the guest has. */
  readonly select: SelectObject & { readonly host: OneoffHost & Pick<Host, "fd_stat"> };
  /** The module omnipoll/os on the same host. */
  readonly os: OsObject;
  /** The guest's memory, or a function that returns it: it may exist only after instantiation. */
  readonly memory: WebAssembly.Memory | (() => WebAssembly.Memory);
  /** The target of descriptor 0. Default: the runtime's own. */
  readonly stdin?: GuestTarget;
  /** The target of descriptor 1. Default: the runtime's own. */
  readonly stdout?: GuestTarget;
  /** The target of descriptor 2. Default: the runtime's own. */
  readonly stderr?: GuestTarget;
  /** The targets of further descriptors, by the guest's numbers. */
  readonly fds?: Iterable<readonly [fd: number, target: GuestTarget]>;
  /**
   * The runtime's own `wasi_snapshot_preview1`: descriptors and paths that are not the guest's here are left to
   * it. Its descriptors count as always ready. Default: the guest has no others.
   */
  readonly under?: Readonly<Record<string, unknown>>;
  /**
   * The runtime's own clocks, by id, if they are not the host's: a guest takes absolute times from
   * clock_time_get. Default: the host's `realtime` and `now`.
   */
  readonly clocks?: Partial<Record<0 | 1, Clock>>;
  /**
   * Which number a descriptor gets that the guest opens: the lowest free one from 512 on, as POSIX wants, or the
   * next one in turn, so that a closed number is not used again soon. wasi-vfs, which CPython's build has inside,
   * goes on translating to closed numbers. Default: "lowest".
   */
  readonly numbers?: "lowest" | "in turn";
  /** How poll_oneoff reports a descriptor that is not open. Default: "event". */
  readonly badf?: "event" | "call";
  /** What the guest may use. Default: no limit but those that GuestLimits names. */
  readonly limits?: GuestLimits;
  /**
   * A descriptor of the host, such as an eventfd. Once it is readable, every call on the guest's descriptors ends, if
   * it waits, and throws an Error, which unwinds the guest. So another thread ends a guest that waits, and then a
   * worker: `worker.terminate()` alone would not end a wait. Nothing is read from the descriptor, and the guest has no
   * number for it. Default: none.
   */
  readonly cancel?: number;
}

/** The descriptors of one guest. */
export interface Guest {
  /**
   * Functions of `wasi_snapshot_preview1`, to be put over the runtime's own. Those that wait block the thread.
   */
  readonly imports: Record<string, GuestCall>;
  /** The import module "omnipoll": epoll, kqueue, eventfd and timerfd for C guests (wasi/include). */
  readonly omnipoll: Record<string, GuestCall>;
  /**
   * The two for a guest whose exports are wrapped with `WebAssembly.promising` (JSPI): functions that wait suspend
   * the guest, and its thread goes on. A call that need not wait does not suspend it. A call that waits when the
   * guest is disposed throws. `proc_exit` is that of `startSuspending`. Both properties throw an Error where
   * JavaScript has no JSPI, and on a host that has no `watch`: a thread that joined another's simulated kernel.
   */
  readonly suspending: {
    readonly imports: Record<string, unknown>;
    readonly omnipoll: Record<string, unknown>;
  };
  /**
   * Gives a descriptor of the guest to a target; what it stood for is closed.
   *
   * @throws {TypeError} if the number is no descriptor, the target is of another type, or the host's descriptor is not open
   */
  set(fd: number, target: GuestTarget): void;
  /** Closes a descriptor of the guest. Returns whether it was open. */
  close(fd: number): boolean;
  /** Closes everything that the guest has; every later call finds its descriptors closed. */
  dispose(): void;
}

/** A descriptor of the runtime: nobody can be asked whether it is ready. */
const FOREIGN: Source = {
  filetype: 0,
  ready: () => EVENT_IN | EVENT_OUT,
  readable: () => -1,
  writable: () => -1,
  read: () => 0,
  write: () => 0,
  watch: () => () => {},
  shutdown: () => 0,
  close: () => {},
};

/** How many arguments the calls that may wait have, each a number of 32 bits. */
const ARGUMENTS: Readonly<Record<string, number>> = {
  fd_read: 4,
  fd_write: 4,
  sock_recv: 6,
  sock_send: 5,
  sock_accept: 3,
  poll_oneoff: 4,
};

/** Makes calls that wait block the thread; those of the runtime's descriptors are the runtime's. */
function blockingCalls(
  calls: Record<string, (...given: number[]) => Waits>,
  table: Table,
  waiter: Waiter,
  runtime: Runtime,
): Record<string, GuestCall> {
  const made = Object.entries(calls).map(([name, call]) => {
    const outer = (fd: number, ...given: number[]): number =>
      table.get(fd) === undefined
        ? runtime.call(name, fd, ...given)
        : waiter.blocking(call(fd, ...given));
    return [name, outer];
  });
  return Object.fromEntries(made) as Record<string, GuestCall>;
}

/** Makes calls that wait suspend the guest; those of the runtime's descriptors are the runtime's, and block. */
function suspendingCalls(
  calls: Record<string, (...given: number[]) => Waits>,
  table: Table,
  waiter: Waiter,
  runtime: Runtime,
  cancellation: Cancellation,
): Record<string, unknown> {
  const made = Object.entries(calls).map(([name, call]) => {
    const outer = (fd: number, ...given: number[]): number | (() => Promise<number>) =>
      name !== "poll_oneoff" && table.get(fd) === undefined
        ? runtime.call(name, fd, ...given)
        : waiter.begin(call(fd, ...given), cancellation);
    const count = ARGUMENTS[name] as number;
    return [name, suspendingImport(`suspending.${name}`, count, outer as never)];
  });
  return Object.fromEntries(made) as Record<string, unknown>;
}

/** @throws {TypeError} if `cancel` is given and no open descriptor of the host */
function cancelOf(cancel: number | undefined, host: Pick<Host, "fd_stat">): number | undefined {
  if (cancel === undefined) return undefined;
  if (Number.isInteger(cancel) && cancel >= 0 && kindOf(host, cancel) >= 0) return cancel;
  throw new TypeError(`cancel must be an open descriptor of the host, got ${cancel}`);
}

/**
 * Makes the descriptor table of one guest and the calls on it: poll_oneoff, and reads, writes, flags and ends of
 * descriptors of the host, of a simulated kernel, or of JavaScript. The numbers are the guest's own.
 *
 * Descriptors of the host that are handed in stay open when the guest closes its own, unless they are given as
 * `{ fd, owned: true }`; connections that the guest accepts and what it opens itself are closed with it. A
 * descriptor blocks the guest, or not, as the guest says; the mode of the host's does not matter.
 *
 * A guest opens `/dev/omnipoll/pair/NAME/a` and `…/b`, the two ends of a Unix stream socket pair, each once, and
 * `/dev/omnipoll/eventfd/NAME`, an eventfd. `/dev/omnipoll/fd/N` duplicates its descriptor N of the host. It finds the directory among its preopens.
 *
 * @throws {TypeError} if a target is of another type, or a target or `cancel` is no open descriptor of the host; if a
 *   limit is unknown
 * @throws {RangeError} if a limit is out of range
 */
export function createGuest(options: GuestOptions): Guest {
  return makeGuest(options).guest;
}

/** The guest, and what adapters need of it. */
export function makeGuest(options: GuestOptions) {
  const { select, os, under = {}, clocks = {} } = options;
  const { host } = select;
  const memory = new GuestMemory(options.memory);
  const limits = limitsOf(options.limits);
  const waiter = new Waiter(host, {
    budget: waitBudgetOf(limits),
    cancel: cancelOf(options.cancel, host),
  });
  const { has, runtime } = runtimeOf(under, memory, (fd) => table.covers(fd));
  const names = new Names(os);
  const table: Table = new Table({ host, os, waiter }, has, {
    isInTurn: options.numbers === "in turn",
    descriptors: limits.descriptors,
    held: () => names.size,
    onRefused: limits.onRefused,
  });

  /** What poll_oneoff waits for. */
  function slotFor(fd: number): Slot {
    const file = table.get(fd);
    if (file !== undefined) return slotOfFile(file, 0);
    return slotOf(table.isForeign(fd) ? FOREIGN : undefined);
  }
  const badf = options.badf ?? "event";
  const oneoff = new Oneoff(
    { select, memory: options.memory, clocks, badf, fds: slotFor },
    waiter,
    limits,
  );
  const transfers = transferCalls(table, memory);
  const context = {
    select,
    os,
    files: table,
    memory,
    waiter,
    registrations: new Registrations(limits),
    clocks: clocksOf(host, clocks),
  };

  const streams = [options.stdin, options.stdout, options.stderr];
  try {
    for (const [fd, target] of streams.entries()) if (target !== undefined) table.set(fd, target);
    for (const [fd, target] of options.fds ?? []) table.set(fd, target);
  } catch (error) {
    table.dispose();
    throw error;
  }

  const poll_oneoff = (...given: Parameters<Oneoff["call"]>): Waits => oneoff.call(...given);
  const plain = cancellable(waiter, {
    ...refusedCalls(table, runtime),
    ...descriptorCalls(table, memory, runtime),
    ...pathCalls(table, memory, names, runtime),
  });
  const cancellation = new Cancellation();
  const functions = omnipollCalls(context);
  const guest: Guest = {
    imports: {
      ...plain,
      ...blockingCalls(transfers, table, waiter, runtime),
      poll_oneoff: (...given: Parameters<Oneoff["call"]>) => waiter.blocking(poll_oneoff(...given)),
    },
    suspending: {
      get imports() {
        waiter.checkSuspends("suspending.imports");
        const waiting = { ...transfers, poll_oneoff } as Record<
          string,
          (...given: number[]) => Waits
        >;
        const calls = suspendingCalls(waiting, table, waiter, runtime, cancellation);
        return { ...plain, ...calls, proc_exit: exit };
      },
      get omnipoll() {
        waiter.checkSuspends("suspending.omnipoll");
        return functions.suspending(cancellation);
      },
    },
    omnipoll: functions.blocking,
    set: (fd, target) => table.set(fd, target),
    close: (fd) => table.close(fd),
    dispose() {
      cancellation.cancel(new Error("the guest is disposed"));
      table.dispose();
      names.dispose();
    },
  };
  return { guest, table, memory, waiter, functions, limits };
}
