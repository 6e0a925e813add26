// Texts made from the table of calls: asm/host.ts, the calls that the standalone core lacks, and the list of calls
// in ARCHITECTURE.md. `node dist/host/calls-docs.js` writes them; test/package/calls.test.ts says when one is stale.

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Address, type Argument, type CallName, type Group, RECORD_SIZES } from "./call.ts";
import { CALL_NAMES, callOf } from "./calls.ts";

/** Longest line of asm/host.ts, which oxfmt would wrap otherwise. */
const LINE = 100;

/** Longest line of the list. */
const TEXT = 120;

function signature(name: CallName, show: (argument: Argument) => string): string {
  const { takes, type = "i32" } = callOf(name);
  return `${name}(${takes.map(show).join(", ")}): ${type}`;
}

/** An argument in AssemblyScript. */
const inCore = ({ name, type }: Argument): string => `${name}: ${type}`;

/** An argument for a host in any language. */
const inHost = ({ name, type }: Argument): string => `${name}: ${type === "usize" ? "u32" : type}`;

/** `line` with the arguments of a call, which stand on lines of their own if the line is long. */
function wrappedArguments(line: string, takes: readonly string[]): string {
  if (line.length <= LINE) return line;
  const [start = "", end = ""] = line.split(takes.join(", "));
  return `${start}\n${takes.map((each) => `  ${each},\n`).join("")}${end}`;
}

/** One import of asm/host.ts. */
function declaration(name: CallName): string {
  const { takes, summary } = callOf(name);
  const line = `export declare function ${signature(name, inCore)};`;
  return `/** ${summary} */\n${wrappedArguments(line, takes.map(inCore))}`;
}

/** Text of asm/host.ts. */
export function asmHost(): string {
  return `// The import table of the core, written from host/calls.ts by host/calls-docs.ts: do not edit. The
// methods of HostCalls (host/host.ts) say what each call does.
//
// asc names the import module after this file and the import after the function, so no decorator is
// needed, and every tool can parse the file. A host without a call returns -ENOSYS from it: the
// table never varies.

${CALL_NAMES.map(declaration).join("\n\n")}
`;
}

/** The calls that WASI has nothing for. */
const ABSENT: readonly CallName[] = CALL_NAMES.filter(
  (name) => name === "dup3" || ["epoll", "kqueue", "posts", "sources"].includes(callOf(name).group),
);

/** A call that the standalone core lacks. */
function absence(name: CallName): string {
  const line = `export function ${signature(name, (argument) => `_${inCore(argument)}`)} {`;
  const takes = callOf(name).takes.map((argument) => `_${inCore(argument)}`);
  return `${wrappedArguments(line, takes)}\n  return -ENOSYS;\n}`;
}

/** Text of asm/standalone/absent.ts. */
export function asmAbsent(): string {
  return [
    "// The calls of the waist that WASI has nothing for, written from host/calls.ts by host/calls-docs.ts: do not",
    "// edit.\n",
    'import { ENOSYS } from "../abi";\n',
    `${ABSENT.map(absence).join("\n\n")}\n`,
  ].join("\n");
}

const GROUPS: ReadonlyArray<readonly [group: Group, heading: string]> = [
  ["always", "Every host has these."],
  ["epoll", "Hosts with `CAPABILITY_EPOLL`:"],
  ["kqueue", "Hosts with `CAPABILITY_KQUEUE`:"],
  [
    "descriptors",
    "Descriptors. The translations use these on every host. From here on, a descriptor that a call returns is close-on-exec and non-blocking, and `close` closes it unless something else is said.",
  ],
  [
    "posts",
    "Posts: kevents that other threads, and asynchronous reads and writes, add to a queue of a translated kqueue.",
  ],
  [
    "sources",
    "Sources, which the filters of a translated kqueue need. Hosts with `CAPABILITY_SOURCES`:",
  ],
];

/** The comment of each method in the text of host/host.ts, in one line. */
function commentsIn(source: string): Map<string, string> {
  const comments = new Map<string, string>();
  for (const [, comment = "", name = ""] of source.matchAll(
    /\/\*\*((?:(?!\*\/)[^])*)\*\/\s+(\w+)\(/g,
  )) {
    const words = comment.split(/\s+/).filter((word) => word !== "" && word !== "*");
    comments.set(name, words.join(" "));
  }
  return comments;
}

/** Lines of at most `TEXT` characters. */
function wrapped(text: string, indent: string): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > TEXT) {
      lines.push(line);
      line = indent + word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line].join("\n");
}

function memoryOf({ name, record, count, access }: Address): string {
  const one = record === "byte" ? "byte" : `${record} of ${RECORD_SIZES[record]} bytes`;
  const many = record === "byte" ? "bytes" : `${record}s of ${RECORD_SIZES[record]} bytes`;
  const what = count === undefined ? `one ${one}` : `\`${count}\` ${many}`;
  return `${access} ${what} at \`${name}\``;
}

function item(name: CallName, comments: ReadonlyMap<string, string>): string {
  const comment = comments.get(name);
  if (comment === undefined) throw new Error(`host/host.ts says nothing about ${name}`);
  const places = callOf(name).takes.filter((argument) => argument.type === "usize");
  const memory = places.length === 0 ? "" : ` Memory: ${places.map(memoryOf).join(", ")}.`;
  const text = comment.replace(/\b[A-Z_]+_\*\w*/g, "`$&`");
  return wrapped(`- \`${signature(name, inHost)}\` — ${text}${memory}`, "  ");
}

/**
 * The list of calls in ARCHITECTURE.md.
 *
 * @param source text of host/host.ts, whose comments say what each call does
 */
export function waistDocs(source: string): string {
  const comments = commentsIn(source);
  return GROUPS.map(([group, heading]) => {
    const names = CALL_NAMES.filter((name) => callOf(name).group === group);
    return `${wrapped(heading, "")}\n\n${names.map((name) => item(name, comments)).join("\n")}\n`;
  }).join("\n");
}

const BEGIN = "<!-- The calls of the waist: written by host/calls-docs.ts -->\n\n";
const END = "\n<!-- End of the calls of the waist -->";

/**
 * `text` of ARCHITECTURE.md with the list between its marks made anew.
 *
 * @throws {Error} if a mark is missing
 */
export function withWaistDocs(text: string, source: string): string {
  const start = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (start < 0 || end < start) throw new Error("ARCHITECTURE.md has no place for the calls");
  return text.slice(0, start + BEGIN.length) + waistDocs(source) + text.slice(end);
}

const ROOT = new URL("../../", import.meta.url);

function textOf(path: string): string {
  return readFileSync(new URL(path, ROOT), "utf8");
}

/** Writes a file if it says something else now: the time of a source is what the build looks at. */
function write(path: string, text: string): void {
  if (textOf(path) !== text) writeFileSync(new URL(path, ROOT), text);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  write("asm/host.ts", asmHost());
  write("asm/standalone/absent.ts", asmAbsent());
  write("ARCHITECTURE.md", withWaistDocs(textOf("ARCHITECTURE.md"), textOf("host/host.ts")));
}
