// The documentation holds together: generated parts are those of today, links lead somewhere, and pages
// stay readable.

import { existsSync, readdirSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { block, PAGES, textOf } from "./blocks.ts";
import { hashOfDeclarations, hashOfPages } from "./declarations.ts";
import { CASES } from "../wasi/probe/grade.ts";
import { blocksOf, unaligned, withBlocks } from "./markdown.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const STALE = "stale: run `npm run docs` and commit its output";

for (const page of PAGES.filter((name) => blocksOf(textOf(name)).length > 0)) {
  test(`the generated parts of ${page} are those of today`, () => {
    const text = textOf(page);
    assert.is(unaligned(withBlocks(text, block)), unaligned(text), STALE);
  });
}

test("the API reference is made from the declarations of today", () => {
  assert.is(hashOfPages(), hashOfDeclarations(), STALE);
});

test("docs/wasi-matrix.md has every case of the probe", () => {
  const text = textOf("docs/wasi-matrix.md");
  const missing = CASES.filter(({ name }) => !text.includes(`\n| ${name} |`));
  assert.equal(
    missing.map(({ name }) => name),
    [],
    "stale: run `npm run wasi:matrix` and commit its output",
  );
});

test("every page of docs/ is known here", () => {
  const found = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"));
  const known: readonly string[] = PAGES;
  assert.equal(
    found.filter((name) => !known.includes(`docs/${name}`)),
    [],
  );
});

/** The text of a page outside its code. */
function proseOf(page: string): string {
  return textOf(page)
    .replaceAll(/^```[^]*?^```$/gm, "")
    .replaceAll(/`[^`\n]*`/g, "`code`");
}

/** The anchor that GitHub gives a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replaceAll(" ", "-");
}

function anchorsOf(page: string): string[] {
  const text = textOf(page).replaceAll(/^```[^]*?^```$/gm, "");
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => anchorOf(heading as string));
}

for (const page of PAGES) {
  test(`links of ${page} lead somewhere`, () => {
    const broken: string[] = [];
    for (const [, target] of proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)) {
      const link = target as string;
      if (/^https?:/.test(link)) continue;
      const [path = "", anchor] = link.split("#");
      const file = path === "" ? page : normalize(join(dirname(page), path));
      if (!existsSync(join(root, file))) broken.push(link);
      else if (anchor !== undefined && !anchorsOf(file).includes(anchor)) broken.push(link);
    }
    assert.equal(broken, []);
  });

  test(`no line of ${page} is too long`, () => {
    const long = textOf(page)
      .split("\n")
      .filter((line) => line.length > 160);
    assert.equal(long, []);
  });
}

test("docs/porting-from-python.md says where every name went", async () => {
  const page = textOf("docs/porting-from-python.md");
  const errors = await import("../../bindings/errors.ts");
  const names = async (entry: string): Promise<string[]> =>
    Object.entries((await import(entry)) as object)
      .filter(
        ([name, value]) => typeof value === "function" && /^[a-z]/.test(name) && !(name in errors),
      )
      .map(([name]) => name);
  const missing = [...(await names("omnipoll")), ...(await names("omnipoll/os"))].filter(
    (name) => !new RegExp(`\\b${name}\\b`).test(page),
  );
  assert.equal(missing, []);
});

test("the README is at most 150 lines long", () => {
  assert.ok(textOf("README.md").trimEnd().split("\n").length <= 150);
});

test("the README and CONTRIBUTING name commands that exist", () => {
  const { scripts } = JSON.parse(textOf("package.json")) as { scripts: Record<string, string> };
  const builtIn = new Set(["install", "ci", "start", "test", "pack"]);
  for (const page of PAGES) {
    const named = textOf(page).matchAll(/\bnpm (?:run )?([a-z]+(?::[a-z-]+)?)/g);
    for (const [command, name] of named) {
      const exists = (name as string) in scripts || builtIn.has(name as string);
      assert.ok(exists, `${page}: ${command}`);
    }
  }
});

test.run();
