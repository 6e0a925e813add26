// What the page of `omnipoll/os` documents: the calls with their signatures, which the entry of the package
// exports one by one.

import type { createAioCalls } from "../../bindings/os/aio.ts";

type AioCalls = ReturnType<typeof createAioCalls>;

/** Asynchronous reads and writes, which Python has no call for: `aio_read` and `aio_write` of `omnipoll/os`. */
export interface AioModule extends AioCalls {}

export type { OsModule } from "../../bindings/os/os.ts";
export type { Address } from "../../bindings/node/os.ts";
