// @wasmer/wasi 1.2: a sandbox with files in memory, whose poll_oneoff panics.

import { WASI_BADF, WASI_NOTSUP } from "../errno.ts";
import { descriptorsOf } from "../guest/runtime.ts";
import { type AdapterOptions, type Calls, type GuestImports, importsOver } from "./imports.ts";

/** A WASI object of @wasmer/wasi. */
export interface WasmerWasi {
  getImports(module: WebAssembly.Module): object;
}

/** Both clocks of that runtime: its clock_time_get(MONOTONIC) is Date.now() too. */
const clock = (): bigint => BigInt(Date.now()) * 1_000_000n;

/**
 * The functions of the runtime, with BADF for numbers that were closed: its own fd_close keeps the number of a file,
 * of which fd_fdstat_get, fd_seek and fd_close go on to succeed. It gives no number twice.
 */
function forgettingClosed(under: Calls): Calls {
  const closed = new Set<number>();
  const made = Object.entries(under).map(([name, call]): [string, Calls[string]] => {
    if (!/^(?:fd|path|sock)_/.test(name)) return [name, call];
    const outer = (...given: unknown[]): unknown => {
      const fds = descriptorsOf(name, given);
      if (fds.some((fd) => closed.has(fd))) return WASI_BADF;
      const result = call(...(given as never[]));
      const isClosing = name === "fd_close" || name === "fd_renumber";
      if (isClosing && result === 0) closed.add(fds[0] as number);
      return result;
    };
    return [name, outer];
  });
  return Object.fromEntries(made);
}

/**
 * The imports of a guest that @wasmer/wasi runs: the calls on the descriptors of `options` are ours; arguments, the environment and the files in memory are the runtime's. Functions that the runtime lacks
 * (sock_accept) answer NOTSUP.
 *
 * Instantiate the module with the result yourself, then call `wasi.start(instance)`: `wasi.instantiate(module,
 * imports)` lets its own functions win. The runtime's stdout is read by `getStdoutString` unless `options.stdout`
 * is given.
 *
 * @param wasi the object on which `start` is called with the instance
 * @param module the guest
 * @returns the object to instantiate the module with
 */
export function forWasmerWasi(
  wasi: WasmerWasi,
  module: WebAssembly.Module,
  options: AdapterOptions,
): GuestImports {
  const imports = wasi.getImports(module) as Record<string, Calls>;
  const under = forgettingClosed(imports["wasi_snapshot_preview1"] ?? {});
  const lacking = WebAssembly.Module.imports(module).filter(
    ({ module: from, name }) => from === "wasi_snapshot_preview1" && under[name] === undefined,
  );
  const stubs = Object.fromEntries(lacking.map(({ name }) => [name, () => WASI_NOTSUP]));
  const clocks = { 0: clock, 1: clock, ...options.clocks };
  return { ...imports, ...importsOver({ ...stubs, ...under }, { ...options, clocks }) };
}
