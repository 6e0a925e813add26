// The texts that an editor shows: every declaration a program can import has a comment above it, in
// the declarations that tsc emits, and so have the members and call signatures of those declarations.

import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import * as os from "../../bindings/node/os.ts";
import * as select from "../../bindings/node/select.ts";
import * as sim from "../../bindings/node/sim.ts";

const bindings = fileURLToPath(new URL("../../bindings/", import.meta.url));

/** A declaration or member, and whether a comment ends on the line above. */
interface Declared {
  readonly file: string;
  readonly line: string;
  readonly documented: boolean;
}

/** Lines that declare nothing a program can name: braces, private fields, constructors. */
const UNNAMED =
  /^(?:[{}\]);]|private |#private|constructor\(|import |export (?:\{|\*|type \{)|\/?\*)/;

/** The name that a line declares once more: a setter's, or that of the type beside a constant. */
const AGAIN = /^(?:set|export type) (\w+)/;

/** The declarations of a file, and the members of its exported interfaces and classes. */
function declarationsOf(file: string): Declared[] {
  const found: Declared[] = [];
  let previous = "";
  /** Whether the members of the current block belong to an exported interface or class. */
  let isInside = false;
  for (const line of readFileSync(file, "utf8").split("\n")) {
    const text = line.trim();
    const isTop = /^\S/.test(line);
    if (isTop) isInside = /^export (?:declare (?:abstract )?class|interface) .*\{$/.test(line);
    const isNamed = isTop ? line.startsWith("export ") : isInside && /^ {4}\S/.test(line);
    const again = AGAIN.exec(text)?.[1];
    const isFirst = again === undefined || !RegExp(`\\b(?:get|const) ${again}\\b`).test(previous);
    if (isNamed && isFirst && !UNNAMED.test(text)) {
      const documented = previous.trimEnd().endsWith("*/");
      found.push({ file: file.slice(bindings.length), line: text, documented });
    }
    previous = line;
  }
  return found;
}

/** The files that a file exports, or names in its declarations. */
const NAMED = /(?:^export .*from |import\()"(\..+?)\.ts"/gm;

/** The same, and the neighbours that a file imports: those of sim/ have the classes of a Sim's members. */
const NAMED_IN_SIM = /(?:^export .*from |^import .*from (?="\.\/)|import\()"(\..+?)\.ts"/gm;

/** The files whose declarations an entry exports, or names in its own. */
function filesFrom(entry: string): string[] {
  const files = [resolve(bindings, entry)];
  for (const file of files) {
    const text = readFileSync(file, "utf8");
    const named = dirname(file) === resolve(bindings, "sim") ? NAMED_IN_SIM : NAMED;
    for (const [, path = ""] of text.matchAll(named)) {
      const next = resolve(dirname(file), `${path}.d.ts`);
      if (next.startsWith(bindings) && !files.includes(next)) files.push(next);
    }
  }
  return files;
}

/** The names that the entry exports, with those of the files it re-exports whole. */
function namesIn(file: string): string[] {
  const text = readFileSync(file, "utf8");
  const own = [...text.matchAll(/^export declare (?:const|class|function) (\w+)/gm)];
  const renamed = [...text.matchAll(/^export \{ (.*?) \} from/gm)].flatMap(([, list = ""]) =>
    list.split(/, */).map((name) => name.replace(/^type |^.* as /, "")),
  );
  const whole = [...text.matchAll(/^export \* from "(.+)\.ts"/gm)].flatMap(([, path = ""]) =>
    namesIn(resolve(dirname(file), `${path}.d.ts`)),
  );
  return [...own.map(([, name = ""]) => name), ...renamed, ...whole];
}

for (const entry of ["node/select", "node/os", "node/sim", "node/host"]) {
  test(`${entry}: every declaration has a comment`, () => {
    const declared = filesFrom(`${entry}.d.ts`).flatMap(declarationsOf);
    assert.ok(declared.length > 10, `${declared.length} declarations`);
    assert.equal(
      declared.filter(({ documented }) => !documented).map(({ file, line }) => `${file}: ${line}`),
      [],
    );
  });
}

/** The exports of a module that the declarations of its entry do not have. */
function undeclared(module: object, entry: string): string[] {
  const names = new Set(namesIn(resolve(bindings, entry)));
  return Object.keys(module).filter((name) => !names.has(name));
}

test("every export at run time is among the declarations", () => {
  assert.equal(undeclared(select, "node/select.d.ts"), []);
  assert.equal(undeclared(os, "node/os.d.ts"), []);
  assert.equal(undeclared(sim, "node/sim.d.ts"), []);
});

test("the call signature of select names the unit of its timeout, and its errors", () => {
  const text = readFileSync(resolve(bindings, "select.d.ts"), "utf8");
  const signature =
    /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n {4}<R extends Waitable/.exec(text)?.[1] ?? "";
  assert.match(signature, /@param timeout seconds/);
  assert.match(signature, /@throws \{OSError\} EBADF/);
});

test.run();
