// A clean clone: `npm ci` with the npm of Node 20 and the newest, `npm install`, and the files they leave.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const MOST_MB = 200;
const folder = mkdtempSync(join(tmpdir(), "omnipoll-install-"));

/** Output of a command; ends the program if it fails. */
function output(cwd: string, command: string, ...given: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, given, { cwd, encoding: "utf8" });
  if (status === 0) return stdout;
  throw new Error(`${command} ${given.join(" ")}: ${error?.message ?? stdout + stderr}`);
}

/** Refuses changes of an installation in the clone. */
function checkClean(clone: string, after: string): void {
  const changed = output(clone, "git", "status", "--porcelain");
  if (changed !== "") throw new Error(`${after} leaves changes:\n${changed}`);
}

try {
  for (const version of ["10", "11"]) {
    const clone = join(folder, version);
    output(ROOT, "git", "clone", "--quiet", ROOT, clone);
    const npm = ["--yes", `npm@${version}`];
    output(clone, "npx", ...npm, "ci", "--no-audit", "--no-fund");
    checkClean(clone, `npm@${version} ci`);
    output(clone, "npx", ...npm, "install", "--no-audit", "--no-fund");
    checkClean(clone, `npm@${version} install`);
    const megabytes = Number(output(clone, "du", "-sm", "node_modules").split("\t")[0]);
    console.log(`npm ${version}: ci and install leave the clone clean, ${megabytes} MB`);
    if (megabytes > MOST_MB) throw new Error(`${megabytes} MB are more than ${MOST_MB}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
