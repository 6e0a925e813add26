// `npm run docs`: writes the generated blocks of the pages; the list of calls in ARCHITECTURE.md and asm/host.ts;
// wasi/include/omnipoll.h; and docs/api with TypeDoc, which needs an older TypeScript than the package and therefore has a package.json
// of its own in docs/.

import { spawnSync } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { block, PAGES, textOf } from "./blocks.ts";
import { ENTRIES, hashOfDeclarations, hashOfPages } from "./declarations.ts";
import { HEADER, omnipollHeader } from "./header.ts";
import { blocksOf, unaligned, withBlocks } from "./markdown.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const docs = `${root}docs`;

function run(folder: string, command: string, ...args: readonly string[]): void {
  const { status } = spawnSync(command, args, { cwd: folder, stdio: "inherit" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed`);
}

/** Writes a page if its text has changed. */
function write(path: string, text: string): void {
  if (existsSync(`${root}${path}`) && unaligned(textOf(path)) === unaligned(text)) return;
  writeFileSync(`${root}${path}`, text);
  process.stdout.write(`made ${path}\n`);
}

for (const page of PAGES) {
  const text = textOf(page);
  if (blocksOf(text).length > 0) write(page, withBlocks(text, block));
}

run(root, process.execPath, "dist/host/calls-docs.js");
write(HEADER, omnipollHeader());

const hash = hashOfDeclarations();
const isStale = hashOfPages() !== hash || process.argv.includes("--force");
if (isStale) {
  if (!existsSync(`${docs}/node_modules/typedoc`))
    run(docs, "npm", "ci", "--no-audit", "--no-fund");
  rmSync(`${docs}/api`, { recursive: true, force: true });
  run(docs, process.execPath, "node_modules/typedoc/bin/typedoc", "--options", "typedoc.json");
  write(
    "docs/api/README.md",
    [
      "# Reference",
      "",
      `TypeDoc makes these pages (\`npm run docs\`); made from declarations ${hash}.`,
      "",
      ...ENTRIES.map(
        (name) => `- [${name === "select" ? "omnipoll" : `omnipoll/${name}`}](${name}.md)`,
      ),
      "",
    ].join("\n"),
  );
}
run(root, "npm", "run", "--silent", "format");
