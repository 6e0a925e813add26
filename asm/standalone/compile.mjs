// Compiles asm/standalone.ts to build/core.wasi.wasm, with the options of core.wasm.
//
// Both cores are made of the same sources, which import "./host". asc has no way to give a module another
// file, but it reads every file through a function: the one here answers for asm/host.ts with a line that
// passes on the exports of asm/standalone/host.ts. No flag is tested at run time, and a call that is
// missing there is an error of the compiler.

import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { main } from "assemblyscript/asc";

const root = fileURLToPath(new URL("../../", import.meta.url));
const HOST = join(root, "asm/host.ts");
const IN_ITS_PLACE = 'export * from "./standalone/host";\n';

const { options, targets } = JSON.parse(await readFile(join(root, "asconfig.json"), "utf8"));
const { optimizeLevel, shrinkLevel } = targets.release;

const { error } = await main(
  [
    "asm/standalone.ts",
    `--runtime=${options.runtime}`,
    ...options.use.map((alias) => `--use=${alias}`),
    `--optimizeLevel=${optimizeLevel}`,
    `--shrinkLevel=${shrinkLevel}`,
    "--noAssert",
    "--outFile=build/core.wasi.wasm",
    `--baseDir=${root}`,
    "--config=none",
  ],
  {
    stdout: process.stdout,
    stderr: process.stderr,
    async readFile(name, folder) {
      const path = resolve(folder, name);
      if (path === HOST) return IN_ITS_PLACE;
      return readFile(path, "utf8").catch(() => null);
    },
  },
);
if (error) process.exit(1);
