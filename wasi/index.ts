// What `omnipoll/wasi` has on every platform.

export {
  type BrowserWasiShim,
  forBrowserWasiShim,
  type ShimOptions,
} from "./adapters/browser-wasi-shim.ts";
export {
  type EmscriptenImports,
  type EmscriptenOptions,
  forEmscripten,
} from "./adapters/emscripten.ts";
export { forExtism } from "./adapters/extism.ts";
export type { AdapterOptions, Calls, GuestImports } from "./adapters/imports.ts";
export { forJco, type JcoGuest, type JcoImports, type JcoOptions } from "./adapters/jco.ts";
export { forNodeWasi, type NodeWasi } from "./adapters/node-wasi.ts";
export { forWasmerWasi, type WasmerWasi } from "./adapters/wasmer-wasi.ts";
export type { Clock } from "./clocks.ts";
export { DescriptorSet } from "./descriptor-set.ts";
export { createGuest, type Guest, type GuestCall, type GuestOptions } from "./guest/guest.ts";
export type { GuestLimits, Limit } from "./guest/limits.ts";
export type { OsObject, SelectObject } from "./guest/module.ts";
export type { GuestTarget } from "./guest/table.ts";
export {
  createPollOneoff,
  type GuestPollOneoff,
  type OneoffHost,
  type OneoffOptions,
  type Target,
} from "./oneoff.ts";
export type { Source } from "./source.ts";
export { fromBytes } from "./sources/bytes.ts";
export { fromReadable, type NodeReadable, type WebReadable } from "./sources/readable.ts";
export { fromWebSocket, type Socket } from "./sources/websocket.ts";
export { fromWritable, type NodeWritable, type WebWritable } from "./sources/writable.ts";
export { startSuspending } from "./suspend.ts";
export type { Port } from "./sources/port.ts";
