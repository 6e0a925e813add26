// Extism: plugins that a host calls, with node:wasi or browser_wasi_shim below.

import { type AdapterOptions, type Calls, importsOver } from "./imports.ts";

/**
 * The `functions` of `createPlugin` for plugins that run in the host's thread, with `useWasi: true`.
 *
 * poll_oneoff is ours. If `options` has descriptors, all calls on descriptors and paths are ours, and other numbers
 * are BADF in them: Extism does not give the functions of its runtime away, so a plugin has either these
 * descriptors or the files of `allowedPaths`.
 *
 * The memory is known once the plugin is made: `(await plugin.getInstance()).exports.memory`.
 */
export function forExtism(options: AdapterOptions): Record<string, Calls> {
  const { wasi_snapshot_preview1: calls, omnipoll } = importsOver({}, options);
  const { stdin, stdout, stderr, fds } = options;
  const isGiven = fds !== undefined || [stdin, stdout, stderr].some((x) => x !== undefined);
  const ours = isGiven ? calls : { poll_oneoff: calls["poll_oneoff"] as Calls[string] };
  return { wasi_snapshot_preview1: withContext(ours), omnipoll: withContext(omnipoll) };
}

/** Functions as Extism calls them: with the context of the plugin's call before the guest's own arguments. */
function withContext(calls: Calls): Calls {
  const bound = Object.entries(calls).map(([name, given]) => {
    const call = given as (...given: readonly unknown[]) => unknown;
    return [name, (_context: unknown, ...rest: readonly unknown[]) => call(...rest)] as const;
  });
  return Object.fromEntries(bound);
}
