// node:wasi of Node, Deno and others that have its class.

import { type AdapterOptions, type Calls, type GuestImports, importsOver } from "./imports.ts";

/** A WASI object of node:wasi. */
export interface NodeWasi {
  readonly wasiImport: object;
}

/**
 * The imports of a guest that node:wasi runs: the calls on the descriptors of `options` are ours; the
 * rest, files too, is node:wasi's.
 *
 * @param wasi the object on which `start` or `initialize` is called with the instance
 * @returns the object to instantiate the module with
 */
export function forNodeWasi(wasi: NodeWasi, options: AdapterOptions): GuestImports {
  return importsOver(wasi.wasiImport as Calls, options);
}
