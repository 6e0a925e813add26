// The suite's test files as modules that a browser can load: with the package's entries for browsers in place
// of those for Node, and the parts of Node that tests use from test/browser/node. A browser loads a test
// file in a handful of modules instead of two hundred, which takes a third of the time off its columns.

import { build, type Plugin } from "esbuild";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { addMap } from "../runner/positions.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const DIST = join(ROOT, "dist");

/** As deep as the folders of test files: their paths relative to import.meta.url stay true. */
const FOLDER = "dist/test/bundled";

/** The entries for Node that tests import, and what browsers load instead. */
const REPLACED: Record<string, string> = {
  "bindings/node/select.js": "bindings/browser/select.js",
  "bindings/node/os.js": "test/browser/os-with-buffers.js",
  "bindings/node/host.js": "bindings/browser/host.js",
  "bindings/node/sim.js": "bindings/browser/sim.js",
};

/** Modules that a page, or a thread that a test starts, imports by a URL. */
const BY_URL = [
  "bindings/node/host.js",
  "bindings/sim/sim.js",
  "test/browser/node/globals.js",
  "test/browser/page.js",
  "test/browser/worker.js",
];

const replacing: Plugin = {
  name: "browser entries",
  setup({ onResolve }) {
    onResolve({ filter: /^node:/ }, ({ path }) => {
      const name = path.slice("node:".length).replaceAll(/[/_]/g, "-");
      return { path: join(DIST, `test/browser/node/${name}.js`) };
    });
    onResolve({ filter: /^\./ }, ({ path, resolveDir }) => {
      const replaced = REPLACED[join(resolveDir, path).slice(DIST.length + 1)];
      return replaced === undefined ? undefined : { path: join(DIST, replaced) };
    });
  },
};

/** Path of the module that is made of a compiled file of dist/. */
export function bundledPath(file: string): string {
  const name = file.replace(/^test\//, "").replaceAll("/", "-");
  return `/${FOLDER}/${name.replace(/\.js$/, "")}.js`;
}

/**
 * Makes modules of compiled files below dist/, which share what they have in common.
 *
 * @param files paths below dist/
 * @returns the modules, and others that lead to them, by the path that a browser asks for
 * @throws if a file imports something that browsers do not have
 */
export async function bundle(files: readonly string[]): Promise<Map<string, string>> {
  const entries = [...BY_URL, ...files];
  const { outputFiles } = await build({
    entryPoints: entries.map((file) => ({
      in: join(DIST, REPLACED[file] ?? file),
      out: bundledPath(file).slice(FOLDER.length + 2, -".js".length),
    })),
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    outdir: join(ROOT, FOLDER),
    sourcemap: true,
    write: false,
    logLevel: "silent",
    plugins: [replacing],
  });
  const modules = new Map<string, string>();
  for (const { path, text } of outputFiles) {
    const below = path.slice(ROOT.length);
    if (below.endsWith(".map")) addMap(below.slice(0, -".map".length), text);
    else modules.set(`/${below}`, text);
  }
  for (const file of BY_URL) {
    modules.set(`/dist/${file}`, `export * from "${bundledPath(file)}";`);
  }
  return modules;
}
