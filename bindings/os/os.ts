// omnipoll/os: the few calls of Python's os and socket modules that Node lacks and that every owner of
// descriptors needs. Names, order and units are Python's; new descriptors are close-on-exec.

import { type DescribedOsHost, makeReceive } from "./calls.ts";
import * as constants from "./constants.ts";
import { createFileCalls } from "./files.ts";
import { createSocketCalls } from "./sockets.ts";

type Constants = typeof constants;
type FileCalls<Bytes extends Uint8Array> = ReturnType<typeof createFileCalls<Bytes>>;
type SocketCalls<Bytes extends Uint8Array> = ReturnType<typeof createSocketCalls<Bytes>>;

/**
 * The calls and constants of omnipoll/os. The calls are synchronous and need no `this`. `read` and
 * `recv` return `Bytes`: Buffers in Node.
 */
export interface OsModule<Bytes extends Uint8Array = Uint8Array>
  extends Constants, FileCalls<Bytes>, SocketCalls<Bytes> {}

/**
 * Makes omnipoll/os on a host.
 *
 * @param host the calls of the host, and `describe` for the errors
 */
export function createOsModule(host: DescribedOsHost): OsModule {
  const receive = makeReceive(host);
  return {
    ...constants,
    ...createFileCalls(host, receive),
    ...createSocketCalls(host, receive),
  };
}
