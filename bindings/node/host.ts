// `omnipoll/host` on Node: for programs with a host of their own.

import { readFileSync } from "node:fs";
import type { Host } from "../../host/host.ts";
import { createSelectModuleFrom, type SelectModule } from "../module.ts";

export { absentHost, importsOf } from "../../host/calls.ts";
export type { Host, HostCalls, OtherCore } from "../../host/host.ts";
export { createSelectModuleFrom, type SelectModule } from "../module.ts";

const compiled = new Map<string, WebAssembly.Module>();

/** Returns the core of a host, core.wasm if none is given, compiled once per thread. */
export function coreModule(host?: Pick<Host, "core">): WebAssembly.Module {
  const file = host?.core?.file ?? "core.wasm";
  const known = compiled.get(file);
  if (known !== undefined) return known;
  const made = new WebAssembly.Module(
    readFileSync(new URL(`../../../build/${file}`, import.meta.url)),
  );
  compiled.set(file, made);
  return made;
}

/** Makes the whole select module on a host. Modules share no state. */
export function createSelectModule(host: Host): SelectModule {
  return createSelectModuleFrom(coreModule(host), host);
}
