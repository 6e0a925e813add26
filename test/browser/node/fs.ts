// The part of node:fs that tests use, in a browser: the files of the package that a test reads, fetched before
// the test runs. Other descriptors and files belong to the simulated kernel (support/files.ts).

import * as flags from "../../../host/sim/kernel/constants.ts";

const FILES = [
  "/build/core.wasm",
  "/test/recordings/programs.recorded.json",
  "/test/recordings/scenarios.recorded.json",
];

const contents = new Map<string, Uint8Array<ArrayBuffer>>();
await Promise.all(
  FILES.map(async (path) => {
    const response = await fetch(path);
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    contents.set(path, new Uint8Array(await response.arrayBuffer()));
  }),
);

function refused(call: string): never {
  throw Object.assign(new Error(`ENOSYS: ${call} in a browser`), { code: "ENOSYS" });
}

export function readFileSync(file: string | URL, encoding?: "utf8"): Uint8Array | string {
  const path = file instanceof URL ? file.pathname : file;
  const bytes = contents.get(path) ?? refused(`reading ${path}`);
  return encoding === undefined ? bytes : new TextDecoder().decode(bytes);
}

export const readlinkSync = (): never => refused("readlink");
export const watch = (): never => refused("fs.watch");
export const chownSync = (): never => refused("chown");
export const rmSync = (): never => refused("rm");

/** Flags of open(2), of Linux. */
export const constants = flags;
