// What every adapter puts over the functions of its runtime.

import { createGuest, type Guest, type GuestOptions } from "../guest/guest.ts";

/** WASI functions by name, as a runtime has them. */
export type Calls = Record<string, (...given: never[]) => unknown>;

/** What an adapter needs to know of a guest: the options of createGuest, without the runtime's functions. */
export interface AdapterOptions extends Omit<GuestOptions, "under"> {
  /** Is given the guest when it is made, for its `set`, `close` and `dispose`. */
  readonly onGuest?: (guest: Guest) => void;
}

/** The imports of a guest. */
export interface GuestImports {
  [module: string]: Calls;
  readonly wasi_snapshot_preview1: Calls;
  /** epoll, kqueue, eventfd and timerfd of C guests (wasi/include). */
  readonly omnipoll: Calls;
}

/** The functions of a guest over those of a runtime. */
export function importsOver(under: Calls, { onGuest, ...options }: AdapterOptions): GuestImports {
  const guest = createGuest({ ...options, under });
  onGuest?.(guest);
  return { wasi_snapshot_preview1: { ...under, ...guest.imports }, omnipoll: guest.omnipoll };
}
