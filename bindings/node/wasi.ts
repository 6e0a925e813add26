// `omnipoll/wasi` on Node: for hosts of WASI guests.

export {
  type BrowserWasiShim,
  forBrowserWasiShim,
  type ShimOptions,
} from "../../wasi/adapters/browser-wasi-shim.ts";
export {
  type EmscriptenImports,
  type EmscriptenOptions,
  forEmscripten,
} from "../../wasi/adapters/emscripten.ts";
export { forExtism } from "../../wasi/adapters/extism.ts";
export type { AdapterOptions, Calls } from "../../wasi/adapters/imports.ts";
export { forNodeWasi, type NodeWasi, type Preview1Imports } from "../../wasi/adapters/node-wasi.ts";
export { forWasmerWasi, type WasmerWasi } from "../../wasi/adapters/wasmer-wasi.ts";
export type { Clock } from "../../wasi/clocks.ts";
export {
  createPollOneoff,
  type GuestPollOneoff,
  type OneoffHost,
  type OneoffOptions,
  type Target,
} from "../../wasi/oneoff.ts";
export type { Source } from "../../wasi/source.ts";
