// node:wasi of Node, Deno and others that have its class.

import { type AdapterOptions, type Calls, guestCalls } from "./imports.ts";

/** A WASI object of node:wasi. */
export interface NodeWasi {
  readonly wasiImport: object;
}

/** The imports of a guest of wasi_snapshot_preview1. */
export interface Preview1Imports {
  [module: string]: Record<string, (...given: never[]) => unknown>;
  readonly wasi_snapshot_preview1: Record<string, (...given: never[]) => unknown>;
}

/**
 * The imports of a guest that node:wasi runs: poll_oneoff, and the bytes of the descriptors of `options`, are
 * ours; the rest, files too, is node:wasi's.
 *
 * @param wasi the object on which `start` or `initialize` is called with the instance
 * @returns the object to instantiate the module with
 */
export function forNodeWasi(wasi: NodeWasi, options: AdapterOptions): Preview1Imports {
  return { wasi_snapshot_preview1: guestCalls(options, wasi.wasiImport as Calls) };
}
