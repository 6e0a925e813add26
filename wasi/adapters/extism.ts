// Extism: plugins that a host calls, with node:wasi or browser_wasi_shim below.

import { type AdapterOptions, type Calls, guestCalls } from "./imports.ts";

/** The names that the guest's descriptors need. Extism keeps the runtime's own functions to itself. */
const OF_DESCRIPTORS = ["fd_read", "fd_write", "fd_fdstat_get", "fd_close"];

/**
 * The `functions` of `createPlugin` for plugins that run in the host's thread, with `useWasi: true`.
 *
 * poll_oneoff is ours. If `options` has descriptors, `fd_read`, `fd_write`, `fd_fdstat_get` and `fd_close` are ours
 * too, and other numbers are BADF in them: Extism does not give the functions of its runtime away, so a plugin
 * has either these descriptors or the files of `allowedPaths`.
 *
 * The memory is known once the plugin is made: `(await plugin.getInstance()).exports.memory`.
 */
export function forExtism(options: AdapterOptions): Record<string, Calls> {
  const calls = guestCalls(options, {});
  const { stdin, stdout, stderr, fds } = options;
  const isGiven = (fds?.size ?? 0) > 0 || [stdin, stdout, stderr].some((x) => x !== undefined);
  const names = ["poll_oneoff", ...(isGiven ? OF_DESCRIPTORS : [])];
  // Extism calls with the context of the plugin's call before the guest's own arguments.
  const bound = names.map((name) => {
    const call = calls[name] as (...given: readonly unknown[]) => unknown;
    return [name, (_context: unknown, ...given: readonly unknown[]) => call(...given)] as const;
  });
  return { wasi_snapshot_preview1: Object.fromEntries(bound) };
}
