// The source of docs/api: a hash of the declarations that a program of the package sees. The hash shows without
// TypeDoc whether the pages are stale.

import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { root, textOf } from "./blocks.ts";

const dist = new URL("../../", import.meta.url);

/** Entries of the package, and the pages that TypeDoc makes of them. */
export const ENTRIES = ["select", "os", "sim", "host", "wasi"] as const;

/** The declarations of the entries, and of everything that these import. */
function declarations(): string[] {
  const found = new Set<string>();
  const visit = (url: URL): void => {
    const path = fileURLToPath(url);
    if (found.has(path)) return;
    found.add(path);
    const imported = readFileSync(url, "utf8").matchAll(/(?:from |import\()"(\.[^"]*)\.ts"/g);
    for (const [, name] of imported) visit(new URL(`${name}.d.ts`, url));
  };
  for (const entry of ENTRIES) visit(new URL(`bindings/node/${entry}.d.ts`, dist));
  return [...found].sort();
}

/** The hash of the sources of docs/api. */
export function hashOfDeclarations(): string {
  const hash = createHash("sha256");
  for (const path of declarations()) hash.update(readFileSync(path));
  const entries = ENTRIES.map((entry) => `docs/entries/${entry}.ts`);
  for (const path of ["docs/package.json", "docs/typedoc.json", ...entries])
    hash.update(textOf(path));
  return hash.digest("hex").slice(0, 16);
}

/** The hash in the pages, of the sources that they were made from. */
export function hashOfPages(): string | undefined {
  const made = /made from declarations ([0-9a-f]+)/;
  return existsSync(new URL("docs/api/README.md", root))
    ? made.exec(textOf("docs/api/README.md"))?.[1]
    : undefined;
}
