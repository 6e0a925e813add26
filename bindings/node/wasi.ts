// `omnipoll/wasi` on Node: for hosts of WASI guests.

import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import { fromPort, type Port, type Receive } from "../../wasi/sources/port.ts";
import type { Source } from "../../wasi/source.ts";

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
  createGuest,
  type Guest,
  type GuestCall,
  type GuestOptions,
} from "../../wasi/guest/guest.ts";
export type { OsObject, SelectObject } from "../../wasi/guest/module.ts";
export type { GuestTarget } from "../../wasi/guest/table.ts";
export {
  createPollOneoff,
  type GuestPollOneoff,
  type OneoffHost,
  type OneoffOptions,
  type Target,
} from "../../wasi/oneoff.ts";
export type { Source } from "../../wasi/source.ts";
export { fromBytes } from "../../wasi/sources/bytes.ts";
export { fromReadable, type NodeReadable, type WebReadable } from "../../wasi/sources/readable.ts";
export { fromWebSocket, type Socket } from "../../wasi/sources/websocket.ts";
export { fromWritable, type NodeWritable, type WebWritable } from "../../wasi/sources/writable.ts";
export type { Port } from "../../wasi/sources/port.ts";

/**
 * A descriptor that is a stream of bytes over a MessagePort: both ends may be such descriptors. A message is a
 * Uint8Array, another view, an ArrayBuffer or a string (UTF-8); where one ends does not show in the stream. `null` is
 * the end of the stream, which `shutdown` and `close` send. Any other message is the error EPROTO, and ends the
 * stream. The descriptor is always ready to be written to, until it or the port is closed (EPIPE). `close` removes the
 * listeners and closes the port.
 *
 * A guest that blocks its thread sees messages, too: they are taken with receiveMessageOnPort every 1 to 10 ms.
 *
 * @throws {TypeError} if `port` is no MessagePort
 */
export function fromMessagePort(port: MessagePort | Port): Source {
  return fromPort(port as Port, receiveMessageOnPort as unknown as Receive);
}
