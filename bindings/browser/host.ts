// omnipoll/host in a browser: in a page and in a worker.

import type { Host } from "../../host/host.ts";
import { createSelectModuleFrom, type SelectModule } from "../module.ts";

export { absentHost, importsOf } from "../../host/calls.ts";
export type { Host, HostCalls, OtherCore } from "../../host/host.ts";
export { createSelectModuleFrom, type SelectModule } from "../module.ts";

async function compile(): Promise<WebAssembly.Module> {
  // One expression of this form, which bundlers recognise: they copy the file.
  const response = await fetch(new URL("../../../build/core.wasm", import.meta.url));
  if (!response.ok) {
    throw new Error(`omnipoll: ${response.url} cannot be loaded: ${response.status}`);
  }
  // Not compileStreaming, which refuses a response whose type is not application/wasm.
  return WebAssembly.compile(await response.arrayBuffer());
}

const compiled = await compile();

/** The compiled core.wasm, one per thread. */
export function coreModule(): WebAssembly.Module {
  return compiled;
}

/** A select module on a host, with a core of its own: two modules share no state. */
export function createSelectModule(host: Host): SelectModule {
  return createSelectModuleFrom(compiled, host);
}
