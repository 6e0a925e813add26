// The modules of the package that a browser loads: nothing of Node, and no package.

import { existsSync, readFileSync } from "node:fs";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";

const root = new URL("../../../", import.meta.url);

/** Entries of package.json: those for browsers and for Node, or one for both. */
type Entry = string | { readonly browser: string; readonly default: string };

const { exports } = JSON.parse(readFileSync(new URL("package.json", root), "utf8")) as {
  exports: Record<string, Entry>;
};

const IMPORT = /(?<!["'])\b(?:from|import)\s*\(?\s*["']([^"']+)["']/g;

/** Every module below an entry, by its address, with its imports. */
function graphOf(entry: string): Map<string, string[]> {
  const graph = new Map<string, string[]>();
  const add = (url: URL): void => {
    if (graph.has(url.href)) return;
    // Comments may quote an import.
    const source = readFileSync(url, "utf8").replaceAll(/^\s*(\/\/|\/?\*).*$/gm, "");
    const imports = [...source.matchAll(IMPORT)].map(([, path]) => path as string);
    graph.set(url.href, imports);
    for (const path of imports) if (path.startsWith(".")) add(new URL(path, url));
  };
  add(new URL(entry, root));
  return graph;
}

const conditional = Object.entries(exports).flatMap(([name, entry]) =>
  typeof entry === "string" ? [] : [{ name, ...entry }],
);

test("the whole API has an entry for browsers", () => {
  assert.equal(
    conditional.map(({ name }) => name),
    [".", "./os", "./sim", "./host", "./wasi"],
  );
  for (const { browser, default: node } of conditional) {
    assert.ok(existsSync(new URL(browser, root)), browser);
    assert.ok(existsSync(new URL(browser.replace(/js$/, "d.ts"), root)), browser);
    assert.ok(existsSync(new URL(node, root)), node);
  }
});

for (const { name, browser, default: node } of conditional) {
  test(`${name} loads modules of the package only`, () => {
    const graph = graphOf(browser);
    assert.ok(graph.size > 5, `${graph.size} modules`);
    assert.ok([...graph.keys()].some((url) => url.endsWith("/asm/abi.js")));
    for (const [url, imports] of graph) {
      assert.equal(
        imports.filter((path) => !path.startsWith(".")),
        [],
        url,
      );
    }
    // Nor does omnipoll/wasi need anything of Node there.
    if (name === "./wasi") return;
    // The same walk finds Node's modules below the entry for Node.
    const found = [...graphOf(node).values()].flat();
    assert.ok(found.some((path) => path.startsWith("node:")));
  });
}

test.run();
