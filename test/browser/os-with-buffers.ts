// omnipoll/os in a browser for tests that were written for Node, where bytes are Buffers.

import * as os from "../../bindings/browser/os.ts";
import { Buffer } from "./node/globals.ts";

export * from "../../bindings/browser/os.ts";

export const read = (...given: Parameters<typeof os.read>) => Buffer.from(os.read(...given));
export const recv = (...given: Parameters<typeof os.recv>) => Buffer.from(os.recv(...given));
