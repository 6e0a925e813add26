// `omnipoll/wasi` in a browser: for hosts of WASI guests.

import { fromPort, type Port } from "../../wasi/sources/port.ts";
import type { Source } from "../../wasi/source.ts";

export * from "../../wasi/index.ts";

/**
 * A descriptor that is a stream of bytes over a MessagePort: both ends may be such descriptors. A message is a
 * Uint8Array, another view, an ArrayBuffer or a string (UTF-8); where one ends does not show in the stream. `null` is
 * the end of the stream, which `shutdown` and `close` send. Any other message is the error EPROTO, and ends the
 * stream. The descriptor is always ready to be written to, until it or the port is closed (EPIPE). `close` removes the
 * listeners and closes the port.
 *
 * Messages arrive while the guest is suspended (`suspending`), not while it blocks its thread.
 *
 * @throws {TypeError} if `port` is no MessagePort
 */
export function fromMessagePort(port: Port): Source {
  return fromPort(port, undefined);
}
