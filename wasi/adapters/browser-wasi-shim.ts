// @bjorn3/browser_wasi_shim: WASI in JavaScript, in browsers and elsewhere.

import { inNanoseconds } from "../clocks.ts";
import { WASI_NOTSUP } from "../errno.ts";
import { type AdapterOptions, type Calls, type GuestImports, importsOver } from "./imports.ts";

/** A WASI object of @bjorn3/browser_wasi_shim. */
export interface BrowserWasiShim {
  readonly wasiImport: object;
  /** Known after `start` or `initialize`. */
  readonly inst?: { readonly exports: object };
}

/** The options of a guest; its memory is known to the runtime. */
export type ShimOptions = Omit<AdapterOptions, "memory"> & Partial<Pick<AdapterOptions, "memory">>;

/** The clocks of that runtime, which a guest takes absolute times from. */
const clocks = {
  0: (): bigint => BigInt(Date.now()) * 1_000_000n,
  1: inNanoseconds(() => performance.now()),
};

/** Functions of that runtime that throw a text through the guest. */
const THROWING = ["sock_accept", "sock_recv", "sock_send", "sock_shutdown"];

/**
 * The imports of a guest that @bjorn3/browser_wasi_shim runs: the calls on the descriptors of
 * `options` are ours; the rest, files too, is the runtime's. Its socket functions, which throw, answer NOTSUP.
 *
 * A wait blocks its thread: in a page, run the guest in a worker, on a simulation with a real clock.
 *
 * @param wasi the object on which `start` or `initialize` is called with the instance
 * @param options `memory` is by default the one that the instance exports
 * @returns the object to instantiate the module with
 */
export function forBrowserWasiShim(wasi: BrowserWasiShim, options: ShimOptions): GuestImports {
  const exported = (): WebAssembly.Memory =>
    (wasi.inst?.exports as { memory?: WebAssembly.Memory } | undefined)
      ?.memory as WebAssembly.Memory;
  const refusals = Object.fromEntries(THROWING.map((name) => [name, () => WASI_NOTSUP]));
  const under = { ...(wasi.wasiImport as Calls), ...refusals };
  const own = { memory: exported, ...options, clocks: { ...clocks, ...options.clocks } };
  return importsOver(under, own);
}
