// A part of the project that needs heavy tools has a package.json and a lock file of its own, and
// installs them when it first needs them: the root's installation stays small.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/**
 * Installs the packages that the package.json in `folder` names, as its lock file says, unless they are
 * there.
 *
 * @param folder from the root of the project, e.g. "bench/plots"
 * @throws {Error} with the first message of npm, if npm fails
 */
export function installPart(folder: string): void {
  const path = join(ROOT, folder);
  if (existsSync(join(path, "node_modules/.package-lock.json"))) return;
  process.stderr.write(`installing the packages of ${folder}/package.json\n`);
  const npm = ["ci", "--no-audit", "--no-fund", "--loglevel=error"];
  const { status, stdout, stderr, error } = spawnSync("npm", npm, { cwd: path, encoding: "utf8" });
  if (status === 0) return;
  // npm follows its errors with a page of usage.
  const said = (stdout + stderr).split("\n").slice(0, 8).join("\n");
  throw new Error(`npm ci in ${folder}: ${error?.message ?? said}`);
}

/** A module of the package `name` of `folder`, installed first if need be. */
export async function importFrom<Module>(folder: string, name: string): Promise<Module> {
  installPart(folder);
  const require = createRequire(join(ROOT, folder, "package.json"));
  return (await import(pathToFileURL(require.resolve(name)).href)) as Module;
}
