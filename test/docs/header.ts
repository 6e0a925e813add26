// wasi/include/omnipoll.h, made from the sources of the core: the constants and layouts of asm/abi.ts with their
// comments, and the exports of asm/index.ts with the first sentence of theirs. `npm run docs` writes the header.

import { textOf } from "./blocks.ts";

export const HEADER = "wasi/include/omnipoll.h";

/** Longest line of the header. */
const LINE = 110;

const HEAD = `/* For programs in C or C++ that embed the core of omnipoll: core.wasm, which imports the module
 * "host", or core.wasi.wasm, which imports wasi_snapshot_preview1 alone and exports one function more.
 *
 * Written from asm/abi.ts and asm/index.ts by \`npm run docs\`: do not edit.
 *
 * The folders beside this file belong to guests of WASI: their <sys/epoll.h> would hide the system's. So
 * give the compiler this folder for quoted names only (-iquote), or copy the file.
 *
 * - Check the global ABI_VERSION of the module against OMNIPOLL_ABI_VERSION first.
 * - An object of the core is a handle, a number > 0. A handle that was closed is never valid again.
 * - A result below 0 is a negative errno in Linux's numbering, or OMNIPOLL_ERROR_*. The core does not trap.
 * - Times are milliseconds, with fractions; a timeout below 0 waits for ever. A signal does not end a wait.
 * - Addresses are offsets into the memory of the module, whose numbers are little endian. Any call may grow
 *   that memory and move records: ask for their address after the call that fills them, and keep none.
 * - An instance, and with it every object in it, belongs to one thread.
 *
 * Waits, of at most \`n\` events:
 *
 *   epoll     reserveReady(n), epollWait(handle, n, ms); ready records at readyStart()
 *   poll      pollWait(handle, ms); ready records at pollReady(handle)
 *   devpoll   devpollWait(handle, n, ms); ready records at devpollReady(handle)
 *   kqueue    kqueueReserve(handle, changes, n); write the changes to kqueueChanges();
 *             kqueueControl(handle, changes, n, ms); kevent records at kqueueEvents()
 *   select    at = selectBegin(readers, writers, exceptional); write the descriptors of the three lists to
 *             \`at\`, one after the other; selectWait(ms). At \`at\` are then the positions, in its own list, of
 *             the ready entries of the first list, the second, the third: selectReady(0), (1), (2) many
 *
 * Over poll(2), or WASI's poll_oneoff, the core keeps the registrations of an epoll and a queue itself:
 *
 * - Call forgetClosed before a descriptor is closed: the core knows descriptors by number.
 * - An edge is what changed since the last wait. Call transferred after a read or a write of a descriptor that
 *   is registered edge-triggered (EPOLLET, EV_CLEAR): without it, an edge may be late.
 *
 * core.wasi.wasm has no eventfd. The descriptors of its epolls, queues and devpoll objects are names, numbers
 * from 2^30 on, which the core alone knows: it waits for them within one another; poll(2) and close(2) of the
 * program know no such descriptor. */

#ifndef OMNIPOLL_H
#define OMNIPOLL_H

#include <stdint.h>
`;

const CONSTANT = /^export const (\w+) = (-?\w+);$/;

interface Function {
  readonly name: string;
  readonly summary: string;
  readonly takes: ReadonlyArray<readonly [name: string, type: string]>;
  readonly gives: string;
}

/** The types of AssemblyScript in C. */
const TYPES: Record<string, string> = {
  i32: "int32_t",
  u32: "uint32_t",
  usize: "uint32_t",
  f64: "double",
  void: "void",
};

function typeInC(type: string): string {
  const found = TYPES[type];
  if (found === undefined)
    throw new Error(`an export has the type ${type}, which has no name in C`);
  return found;
}

/** Lines of words that begin with `indent` and end before `LINE`. */
function wrapped(text: string, first: string, indent: string): string[] {
  const lines: string[] = [];
  let line = first;
  for (const word of text.split(" ")) {
    if (line.length + 1 + word.length > LINE && line !== first) {
      lines.push(line.trimEnd());
      line = indent;
    }
    line += `${word} `;
  }
  return [...lines, line.trimEnd()];
}

/** The names of constants in a comment, as C has them. */
function renamed(comment: string, names: ReadonlySet<string>): string {
  const all = [...names];
  return comment.replaceAll(/\b[A-Z][A-Z_0-9]+(\*?)/g, (name, star) => {
    const isKnown =
      star === "" ? names.has(name) : all.some((each) => each.startsWith(name.slice(0, -1)));
    return isKnown ? `OMNIPOLL_${name}` : name;
  });
}

/** The constants and comments of asm/abi.ts, without what its head says. */
function constants(): string {
  const source = textOf("asm/abi.ts");
  const names = new Set(
    [...source.matchAll(/^export const (\w+)/gm)].map(([, name]) => name as string),
  );
  const lines = source
    .slice(source.indexOf("\n\n") + 2)
    .trimEnd()
    .split("\n");
  const made: string[] = [];
  for (let i = 0; i < lines.length; i++) {
    const line = renamed(lines[i] as string, names);
    const constant = CONSTANT.exec(lines[i] as string);
    const isComment = line.startsWith("//");
    if (constant !== null) {
      const [, name = "", value = ""] = constant;
      made.push(`#define OMNIPOLL_${name} ${value.startsWith("-") ? `(${value})` : value}`);
    } else if (isComment) {
      const start = lines[i - 1]?.startsWith("//") ? " *" : "/*";
      const end = lines[i + 1]?.startsWith("//") ? "" : " */";
      made.push(`${start}${line.slice(2)}${end}`);
    } else if (/^(?:$|\/\*\*| \*)/.test(line)) {
      made.push(line.replace("/**", "/*"));
    } else {
      throw new Error(`asm/abi.ts: no line of C can be made of ${line}`);
    }
  }
  return made.join("\n");
}

/** The exports in one `export { … } from "…"` of asm/index.ts that are functions. */
function functionsOf(path: string, wanted: readonly string[]): Function[] {
  const source = textOf(`asm/${path}.ts`);
  return wanted.map((name) => {
    const found = new RegExp(
      `/\\*\\*((?:(?!\\*/)[^])*)\\*/\\nexport function ${name}\\(([^)]*)\\): (\\w+) \\{`,
    ).exec(source);
    if (found === null) throw new Error(`asm/${path}.ts: ${name} has no comment or no such form`);
    const [, comment = "", parameters = "", gives = ""] = found;
    const words = comment.split(/\s+/).filter((word) => word !== "" && word !== "*");
    const takes = [...parameters.matchAll(/(\w+): (\w+)/g)].map(
      ([, parameter = "", type = ""]) => [parameter, typeInC(type)] as const,
    );
    return { name, summary: words.join(" ").replaceAll("`", ""), takes, gives: typeInC(gives) };
  });
}

/** The functions that the core exports, in the order of asm/index.ts. */
export function exportedFunctions(): Function[] {
  const blocks = textOf("asm/index.ts").matchAll(/export \{([^}]*)\} from "\.\/([^"]+)";/g);
  return [...blocks].flatMap(([, names = "", path = ""]) =>
    path === "abi"
      ? []
      : functionsOf(
          path,
          names.split(",").flatMap((name) => name.trim() || []),
        ),
  );
}

function entry({ name, summary, takes, gives }: Function, names: ReadonlySet<string>): string[] {
  const declared = [
    "OMNIPOLL_INSTANCE",
    ...takes.map(([parameter, type]) => `${type} ${parameter}`),
  ];
  const passed = ["OMNIPOLL_SELF", ...takes.map(([parameter]) => parameter)];
  const [macro, result] = gives === "void" ? ["PROCEDURE(", ""] : ["FUNCTION(", `${gives}, `];
  const comment = wrapped(`${renamed(summary, names)} */`, "  /* ", "   * ");
  const call = `  ${macro}${result}${name}, (${declared.join(", ")}), (${passed.join(", ")}))`;
  if (call.length <= LINE) return [...comment, call];
  const [start = "", end = ""] = call.split(/(?<=\)), (?=\()/);
  return [...comment, `${start},`, `${" ".repeat(2 + macro.length)}${end}`];
}

const EXPORTS = `/* The functions that the core exports. OMNIPOLL_EXPORTS(FUNCTION, PROCEDURE) is one line for each:
 *
 *   FUNCTION(result, name, (parameters), (arguments)), PROCEDURE(name, (parameters), (arguments))
 *
 * the latter for a function without a result. Define OMNIPOLL_INSTANCE, the first parameter, and
 * OMNIPOLL_SELF, the first argument, as your WebAssembly engine needs them; examples/embedding/core.h of
 * omnipoll does so for wasm2c. */
`;

const WASI_EXPORTS = `/* The functions that core.wasi.wasm has besides. */
#define OMNIPOLL_WASI_EXPORTS(FUNCTION, PROCEDURE) \\
  /* 1 if poll_oneoff counts the bytes of its events (nbytes), 0, the default, if it does not. Without a \\
   * count READ and WRITE of a queue report 1 byte, and an edge of more bytes is not seen. */ \\
  PROCEDURE(trustBytes, (OMNIPOLL_INSTANCE, int32_t on), (OMNIPOLL_SELF, on))`;

/** Text of the header. */
export function omnipollHeader(): string {
  const source = textOf("asm/abi.ts");
  const names = new Set(
    [...source.matchAll(/^export const (\w+)/gm)].map(([, name]) => name as string),
  );
  const lines = exportedFunctions().flatMap((one) => entry(one, names));
  const table = ["#define OMNIPOLL_EXPORTS(FUNCTION, PROCEDURE)", ...lines].join(" \\\n");
  return [HEAD, constants(), "", EXPORTS + table, "", WASI_EXPORTS, "", "#endif", ""].join("\n");
}
