// Which folder may import which, and that no file is imported by a file that it imports. The order of the
// folders is ARCHITECTURE.md's: imports go down only.

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "./support/uvu.ts";
import * as assert from "uvu/assert";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const FOLDERS = ["asm", "host", "wasi", "bindings", "bench", "examples", "test"];

interface Import {
  readonly from: string;
  /** A file of the project, or the name of a module of Node or of a package. */
  readonly to: string;
  /** Whether only types are imported, which leave nothing in the compiled file. */
  readonly isType: boolean;
}

const STATEMENT = /^(?:import|export)\s+(?:(type)\s+)?([^;"']*?\bfrom\s*)?["']([^"']+)["']/gms;

/** Whether every name between the braces of an import has `type` before it. */
function isTypeList(names: string): boolean {
  const list = /^\{([^}]*)\}\s*from\s*$/s.exec(names.trim())?.[1];
  if (list === undefined) return false;
  const parts = list.split(",").flatMap((part) => (part.trim() === "" ? [] : [part.trim()]));
  return parts.length > 0 && parts.every((part) => part.startsWith("type "));
}

/** Path of an imported file from the root, with its extension; asm/ imports without one. */
function resolve(from: string, specifier: string): string {
  if (!specifier.startsWith(".")) return specifier;
  const path = normalize(join(dirname(from), specifier));
  return path.endsWith(".ts") ? path : `${path}.ts`;
}

function importsOf(file: string): Import[] {
  const source = readFileSync(join(ROOT, file), "utf8");
  return [...source.matchAll(STATEMENT)].map(([, type, names = "", specifier = ""]) => ({
    from: file,
    to: resolve(file, specifier),
    isType: type !== undefined || isTypeList(names),
  }));
}

const files = FOLDERS.flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.includes("node_modules"))
    .map((name) => join(folder, name)),
).sort();
const imports = files.flatMap(importsOf);

/** Groups of files that import each other, each sorted, of more than one file (Tarjan). */
function circles(edges: readonly Import[]): string[][] {
  const next = new Map<string, string[]>();
  for (const { from, to } of edges) next.set(from, [...(next.get(from) ?? []), to]);
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  const visit = (file: string): number => {
    const own = index.size;
    index.set(file, own);
    let lowest = own;
    stack.push(file);
    for (const to of next.get(file) ?? []) {
      if (!index.has(to)) lowest = Math.min(lowest, visit(to));
      else if (stack.includes(to)) lowest = Math.min(lowest, index.get(to) as number);
    }
    low.set(file, lowest);
    if (lowest === own) {
      const circle = stack.splice(stack.indexOf(file)).sort();
      const isItsOwn = next.get(file)?.includes(file) ?? false;
      if (circle.length > 1 || isItsOwn) found.push(circle);
    }
    return lowest;
  };
  for (const file of files) if (!index.has(file)) visit(file);
  return found;
}

test("no file imports, directly or not, a file that imports it", () => {
  assert.equal(circles(imports.filter(({ isType }) => !isType)), []);
});

/** Circles of types that are so by nature: each has its reason. */
const TYPE_CIRCLES: ReadonlyArray<{ readonly files: readonly string[]; readonly reason: string }> =
  [
    {
      files: ["descriptors", "file", "inode", "kernel"].map((name) => `host/sim/kernel/${name}.ts`),
      reason:
        "an open file is open on an inode, a device inode opens a file, a descriptor names a file, and the kernel has all of them",
    },
  ];

test("types go in circles only where the table has a reason", () => {
  const found = circles(imports).map((circle) => circle.join(" "));
  const listed = TYPE_CIRCLES.map((circle) => [...circle.files].sort().join(" "));
  assert.equal(found.sort(), listed.sort());
  for (const { reason } of TYPE_CIRCLES) assert.ok(reason.length > 0);
});

/** The imports that the files below a folder, or one file, may have besides their neighbours. */
interface Rule {
  readonly of: string;
  readonly may: readonly string[];
  /** Modules of Node and packages. */
  readonly modules?: RegExp;
}

const SIM = "host/sim";
/** Folders of the simulated kernel, from the bottom up: each imports itself and those below. */
const SIM_FLOORS = [
  "time",
  "kernel",
  "process",
  "fs",
  "net",
  "wait",
  "kqueue",
  "waist",
  "os",
  "sharing",
];

test("ARCHITECTURE.md has the folders of the simulated kernel in the same order", () => {
  const page = readFileSync(join(ROOT, "ARCHITECTURE.md"), "utf8");
  const section = page.slice(page.indexOf("A folder imports the folders above it in this table"));
  const rows = [...section.matchAll(/^\| `(\w+)\/` +\|/gm)].map(([, name]) => name);
  assert.equal(rows.slice(0, SIM_FLOORS.length), SIM_FLOORS);
});

const NOTHING = /^$/;
const OF_NODE = /^node:/;

/** The files of host/ that wasi/ may import. */
const OF_HOST = ["host", "call", "calls", "errno", "later"].map((name) => `host/${name}.ts`);

/** The first rule whose `of` begins the path of a file counts. */
const RULES: readonly Rule[] = [
  { of: "asm/abi.ts", may: [], modules: NOTHING },
  { of: "asm/standalone/preview1.ts", may: [], modules: NOTHING },
  { of: "asm/epoll/", may: ["asm/epoll/", "asm/*"], modules: NOTHING },
  { of: "asm/kqueue/", may: ["asm/kqueue/", "asm/*"], modules: NOTHING },
  { of: "asm/", may: ["asm/"], modules: NOTHING },
  ...SIM_FLOORS.map((floor, at) => ({
    of: `${SIM}/${floor}/`,
    may: [
      "asm/abi.ts",
      "host/*",
      ...SIM_FLOORS.slice(0, at + 1).map((below) => `${SIM}/${below}/`),
      // The personality without poll(2) has the calls of a WASI runtime, and the same poll(2) over them.
      ...(floor === "wait" || floor === "waist"
        ? ["wasi/counters.ts", "wasi/errno.ts", "wasi/poller.ts", "wasi/preview1.ts"]
        : []),
    ],
    modules: NOTHING,
  })),
  { of: `${SIM}/`, may: ["asm/abi.ts", "host/*", `${SIM}/`], modules: NOTHING },
  {
    of: "host/index.ts",
    may: ["asm/abi.ts", "host/", "wasi/host.ts", "wasi/standalone.ts"],
    modules: OF_NODE,
  },
  { of: "host/", may: ["asm/abi.ts", "host/"], modules: OF_NODE },
  {
    of: "wasi/host.ts",
    may: ["asm/abi.ts", ...OF_HOST, "host/os.ts", "wasi/"],
    modules: OF_NODE,
  },
  { of: "wasi/node/", may: ["asm/abi.ts", ...OF_HOST, "host/os.ts", "wasi/"], modules: OF_NODE },
  {
    of: "wasi/",
    may: ["asm/abi.ts", ...OF_HOST, "asm/standalone/preview1.ts", "wasi/"],
    modules: NOTHING,
  },
  {
    of: "bindings/cli/",
    may: ["asm/abi.ts", "host/", "wasi/host.ts", "bindings/"],
    modules: /^node:|^commander$/,
  },
  { of: "bindings/node/", may: ["asm/abi.ts", "host/", "wasi/", "bindings/"], modules: OF_NODE },
  { of: "bindings/browser/", may: ["asm/abi.ts", "host/", "wasi/", "bindings/"], modules: NOTHING },
  { of: "bindings/", may: ["asm/abi.ts", "host/", "bindings/"], modules: NOTHING },
];

/** Whether `pattern` names `path`: a file, all files below a folder, or the files in one. */
function matches(path: string, pattern: string): boolean {
  if (pattern.endsWith("/")) return path.startsWith(pattern);
  if (pattern.endsWith("/*")) return dirname(path) === pattern.slice(0, -2);
  return path === pattern;
}

test("imports go down only", () => {
  const forbidden = imports.filter(({ from, to }) => {
    const rule = RULES.find(({ of }) => from.startsWith(of));
    if (rule === undefined) return false;
    const isOwn = to.endsWith(".ts");
    return isOwn ? !rule.may.some((may) => matches(to, may)) : !(rule.modules ?? OF_NODE).test(to);
  });
  assert.equal(
    forbidden.map(({ from, to }) => `${from} imports ${to}`),
    [],
  );
});

test("no other folder imports tests, benchmarks or examples", () => {
  const upwards = imports.filter(
    ({ from, to }) =>
      /^(asm|host|wasi|bindings)\//.test(from) && /^(test|bench|examples)\//.test(to),
  );
  assert.equal(upwards, []);
});

/** How many files may stand directly in a folder. */
const ROOMS: ReadonlyArray<readonly [folder: string, most: number]> = [
  ["test", 25],
  ["bindings", 25],
  ["host/native", 12],
  [SIM, 12],
  ["host", 12],
  ["asm", 25],
];

for (const [folder, most] of ROOMS) {
  test(`${folder} has at most ${most} files beside its folders`, () => {
    const entries = readdirSync(join(ROOT, folder), { withFileTypes: true });
    const names = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
    assert.ok(names.length <= most, names.join(" "));
  });
}

test.run();
