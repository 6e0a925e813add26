// `omnipoll/host` on Node: for programs with a host of their own.

import { readFileSync } from "node:fs";
import type { Host } from "../../host/host.ts";
import { createSelectModuleFrom, type SelectModule } from "../module.ts";

export { absentHost, importsOf } from "../../host/calls.ts";
export type { Host, HostCalls } from "../../host/host.ts";
export { createSelectModuleFrom, type SelectModule } from "../module.ts";

let compiled: WebAssembly.Module | undefined;

/** Returns core.wasm, compiled once per thread. */
export function coreModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(
    readFileSync(new URL("../../../build/core.wasm", import.meta.url)),
  );
  return compiled;
}

/** Makes the whole select module on a host. Modules share no state. */
export function createSelectModule(host: Host): SelectModule {
  return createSelectModuleFrom(coreModule(), host);
}
