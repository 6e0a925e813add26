// omnipoll/os: the few calls of Python's os and socket modules that Node lacks and anyone who
// owns descriptors needs. Names, order and units are Python's; what is made is close-on-exec.

import { type DescribedOsHost, makeReceive } from "./calls.ts";
import * as constants from "./constants.ts";
import { createFileCalls } from "./files.ts";
import { createSocketCalls } from "./sockets.ts";

type Constants = typeof constants;
type FileCalls = ReturnType<typeof createFileCalls>;
type SocketCalls = ReturnType<typeof createSocketCalls>;

/** The calls and constants of omnipoll/os. The calls are synchronous and need no `this`. */
export interface OsModule extends Constants, FileCalls, SocketCalls {}

/**
 * omnipoll/os on a host.
 *
 * @param host its calls, and `describe` for the errors
 */
export function createOsModule(host: DescribedOsHost): OsModule {
  const receive = makeReceive(host);
  return {
    ...constants,
    ...createFileCalls(host, receive),
    ...createSocketCalls(host, receive),
  };
}
