// The program that adapters run.

import { readFileSync } from "node:fs";

export { CODE, PRINTED } from "./poll-select-output.ts";
export const bytes = readFileSync(
  new URL("../../../wasi/guests/poll-select.wasm", import.meta.url),
);
