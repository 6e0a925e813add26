// `npm run lint` checks, `npm run format` rewrites: the types of asm/ as tsc sees them, oxlint,
// oxfmt. Neither tool is needed to build or to test, so both are a part of their own.

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { installPart } from "../support/part.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const PART = "test/lint";

/** Runs the program of a package; exits with its status if it fails. */
function run(folder: string, name: string, script: string, ...given: readonly string[]): void {
  const path = join(ROOT, folder, "node_modules", name, script);
  const { status } = spawnSync(process.execPath, [path, ...given], { cwd: ROOT, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}

installPart(PART);
if (process.argv[2] === "--format") run(PART, "oxfmt", "bin/oxfmt");
else {
  run("", "typescript", "bin/tsc", "-p", "asm");
  run(PART, "oxlint", "bin/oxlint");
  run(PART, "oxfmt", "bin/oxfmt", "--check");
}
