// What the functions for C guests need of the modules omnipoll and omnipoll/os, as types: this folder is
// below the bindings.

import type { Host } from "../../host/host.ts";

/** A whole number: a bigint where a number would not be exact. */
export type Whole = number | bigint;

/** An epoll object of omnipoll. */
export interface EpollObject {
  fileno(): number;
  register(fd: number, eventmask: number): void;
  modify(fd: number, eventmask: number): void;
  unregister(fd: number): void;
  /** @param timeout in seconds; `null` waits for ever */
  pollInto(out: Int32Array, timeout: number | null): number;
  close(): void;
}

/** A kevent of omnipoll. */
export interface KeventObject {
  ident: Whole;
  filter: number;
  flags: number;
  fflags: number;
  data: Whole;
  udata: Whole;
}

/** A kqueue object of omnipoll. */
export interface KqueueObject {
  fileno(): number;
  /** @param timeout in seconds; `null` waits for ever */
  controlInto(
    changelist: Iterable<KeventObject> | null | undefined,
    eventlist: readonly KeventObject[],
    timeout: number | null,
  ): number;
  close(): void;
}

/** A polling object of omnipoll. */
export interface PollObject {
  register(fd: number, eventmask: number): void;
  /** @param timeout in milliseconds */
  poll(timeout: number): ArrayLike<unknown>;
}

/** The module omnipoll, on any host. */
export interface SelectObject {
  readonly host: Pick<Host, "capabilities" | "now" | "timerfd_create" | "timerfd_settime">;
  poll(): PollObject;
  epoll(): EpollObject;
  kqueue(): KqueueObject;
  kevent(ident: number): KeventObject;
}

/** The module omnipoll/os, on the same host. */
export interface OsObject {
  close(fd: number): void;
  dup(fd: number): number;
  /** @throws {OSError} EAGAIN if there is nothing to read and the descriptor does not block */
  read(fd: number, n: number): Uint8Array;
  write(fd: number, data: Uint8Array): number;
  eventfd(initval: number, flags: number): number;
  get_blocking(fd: number): boolean;
  socketpair(): [fd: number, fd: number];
  send(fd: number, data: Uint8Array, flags: number): number;
  recv(fd: number, n: number, flags: number): Uint8Array;
  accept(fd: number): [fd: number, address: unknown];
  shutdown(fd: number, how: number): void;
}
