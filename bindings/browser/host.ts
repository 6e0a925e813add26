// `omnipoll/host` in a browser, in a page and in a worker.

import type { Host } from "../../host/host.ts";
import { createSelectModuleFrom, type SelectModule } from "../module.ts";

export { importsOf } from "../../host/calls.ts";
export type { Host } from "../../host/host.ts";
export { createSelectModuleFrom, type SelectModule } from "../module.ts";

async function compile(): Promise<WebAssembly.Module> {
  // Written like this, in one expression, for bundlers: they copy the file.
  const response = await fetch(new URL("../../../build/core.wasm", import.meta.url));
  if (!response.ok) {
    throw new Error(`omnipoll: ${response.url} cannot be loaded: ${response.status}`);
  }
  // Not compileStreaming, which refuses a file whose type the server does not know.
  return WebAssembly.compile(await response.arrayBuffer());
}

const compiled = await compile();

/** core.wasm, compiled once per thread. */
export function coreModule(): WebAssembly.Module {
  return compiled;
}

/** The whole select module on a host; modules share no state. */
export function createSelectModule(host: Host): SelectModule {
  return createSelectModuleFrom(compiled, host);
}
