// The code of the documentation, and its runs: a program in a process of its own, commands in a shell, each in a
// new folder.

import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { textOf } from "./blocks.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const LIMIT_MS = 120_000;

/** One fenced block of a page. */
export interface Fence {
  readonly page: string;
  /** The line in which the block begins. */
  readonly line: number;
  readonly language: string;
  /** The name in `file=NAME`: such a block is one file of a program, which browser.test.ts runs. */
  readonly file: string | undefined;
  /** What the program needs, in `needs=NAME`, if this Node may lack it: test/matrix/NAME runs it. */
  readonly needs: string | undefined;
  readonly code: string;
  /** The next block, if that is the output of this one. */
  readonly output: string | undefined;
}

const FENCE = /^```(\w*)([^\n]*)\n([^]*?)^```$/gm;

/** The fenced blocks of a page. */
export function fencesOf(page: string): Fence[] {
  const text = textOf(page);
  const found = [...text.matchAll(FENCE)].map(
    ([all, language = "", words = "", code = ""], i, every) => {
      const { index = 0 } = every[i] as RegExpExecArray;
      const next = every[i + 1];
      const between = next === undefined ? "" : text.slice(index + all.length, next.index);
      const isOutput = next?.[2]?.trim() === "output" && between.trim() === "";
      return {
        page,
        line: text.slice(0, index).split("\n").length,
        language,
        file: /file=(\S+)/.exec(words)?.[1],
        needs: /needs=(\S+)/.exec(words)?.[1],
        code,
        output: isOutput ? next?.[3] : undefined,
        isOutput: words.trim() === "output",
      };
    },
  );
  return found.filter(({ isOutput }) => !isOutput);
}

/** A folder that has the command, as npx finds it. */
function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "omnipoll-docs-"));
  mkdirSync(join(folder, "bin"));
  const command = join(folder, "bin", "omnipoll");
  const main = join(root, "dist/bindings/cli/main.js");
  writeFileSync(command, `#!/bin/sh\nexec "${process.execPath}" "${main}" "$@"\n`);
  chmodSync(command, 0o755);
  return folder;
}

/** Runs a program in a process group of its own; resolves to its output, with its end if that is an error. */
function run(folder: string, program: string, args: readonly string[]): Promise<string> {
  const { OMNIPOLL_HOST: _host, ...env } = process.env;
  const child = spawn(program, args, {
    cwd: folder,
    env: { ...env, PATH: `${folder}/bin:${env["PATH"]}`, FORCE_COLOR: "0", COLUMNS: "80" },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let printed = "";
  const add = (text: string): void => void (printed += text);
  child.stdout.setEncoding("utf8").on("data", add);
  child.stderr.setEncoding("utf8").on("data", add);
  const end = (): void => {
    try {
      process.kill(-(child.pid as number), "SIGKILL");
    } catch {
      // The group has ended by itself.
    }
  };
  const timer = setTimeout(end, LIMIT_MS);
  return new Promise((resolve) => {
    child.once("exit", (status, signal) => {
      clearTimeout(timer);
      child.once("close", () => {
        resolve(status === 0 ? printed : `${printed}ended with ${status ?? signal}\n`);
      });
      end();
    });
  });
}

/** What a program needs that the root does not install. */
export interface Needs {
  /** Path of a Node. Default: this one. */
  readonly node?: string;
  /** The folder of a part, from the root of the project, whose packages the program imports. */
  readonly part?: string;
}

/** Runs a program in JavaScript or TypeScript; resolves to its output. */
export async function runProgram(
  { language, code }: Fence,
  { node = process.execPath, part }: Needs = {},
): Promise<string> {
  const folder = mkdtempSync(join(root, "build", "snippet-"));
  try {
    if (part !== undefined) {
      symlinkSync(join(root, part, "node_modules"), join(folder, "node_modules"));
    }
    if (language === "js") {
      writeFileSync(join(folder, "snippet.mjs"), code);
    } else {
      writeFileSync(join(folder, "snippet.mts"), code);
      const compiler = join(root, "node_modules/typescript/bin/tsc");
      const flags =
        "--ignoreConfig --target es2022 --module nodenext --strict --skipLibCheck --types node";
      const lib = ["--lib", "es2023,esnext.disposable,dom"];
      const args = [compiler, ...flags.split(" "), ...lib, "snippet.mts"];
      const complaints = await run(folder, process.execPath, args);
      if (complaints !== "") return complaints;
    }
    // That node:wasi is experimental is no output of the program.
    const options = ["--disable-warning=ExperimentalWarning", "snippet.mjs"];
    return await run(folder, node, options);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * A process that sleeps for whole seconds lives until another one watches it, however long that takes to
 * start: "sleep" waits until its shell is the process of a pidfd.
 */
const SLEEP = `sleep() {
  command sleep "$1"
  case $1 in *.*) return ;; esac
  until grep -qs "^Pid:[[:space:]]*$BASHPID$" /proc/[0-9]*/fdinfo/*; do command sleep 0.05; done
}`;

/** A command of a `console` block, and its output. */
export interface Command {
  readonly command: string;
  readonly expected: string;
}

/** The commands of a `console` block except those of npm. */
export function commandsOf({ code }: Fence): Command[] {
  const found: Array<{ command: string; expected: string }> = [];
  for (const line of code.split("\n")) {
    if (line.startsWith("$ ")) found.push({ command: line.slice(2), expected: "" });
    else if (found.length > 0) (found.at(-1) as { expected: string }).expected += `${line}\n`;
  }
  return found.filter(({ command }) => !command.startsWith("npm "));
}

/**
 * Runs commands in one shell; resolves to the output of each. The next command follows one that ends in
 * "&" when that has printed something.
 */
export async function runCommands(commands: readonly Command[]): Promise<string[]> {
  const folder = makeFolder();
  try {
    const script = commands.map(({ command, expected }, i) => {
      const output = `output.${i}`;
      const isBackground = command.trimEnd().endsWith("&");
      const inCheckout = command.trimEnd().replaceAll("node dist/", `node ${root}dist/`);
      const body = isBackground ? inCheckout.slice(0, -1) : inCheckout;
      if (!isBackground) return `{ ${body}\n} > ${output} 2>&1`;
      const waiting = `until [ -s ${output} ]; do sleep 0.05; done`;
      return `{ ${body}\n} > ${output} 2>&1 &\n${expected.trim() === "" ? ":" : waiting}`;
    });
    const separator = "=".repeat(20);
    const show = commands.map((_, i) => `cat output.${i}; echo ${separator}`);
    writeFileSync(join(folder, "script"), [SLEEP, ...script, ...show].join("\n"));
    const printed = await run(folder, "bash", ["script"]);
    return printed.split(`${separator}\n`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Replaces the parts of a text that differ between runs: times, numbers of processes and descriptors, sizes. */
function steady(text: string): string {
  return text
    .replaceAll(/\d+(?:\.\d+)? (?:s|ms|µs)\b/g, "TIME")
    .replaceAll(/"elapsed_ms":[\d.]+/g, '"elapsed_ms":TIME')
    .replaceAll(/pid:\d+/g, "pid:PID")
    .replaceAll(/^\[\d+ main\]/gm, "[PID main]")
    .replaceAll(/\b((?:ep)?fd) \d+/g, "$1 FD")
    .replaceAll(/READ \d{3,}/g, "READ SIZE")
    .replaceAll(/ +/g, " ")
    .trim();
}

/** Whether printed text matches the text of a page, in which "…" matches any text. */
export function isAsSaid(printed: string, said: string): boolean {
  const parts = steady(said).split("…");
  const escaped = parts.map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const patterns = escaped.map((part) => part.trim().replaceAll(/\s+/g, "\\s+"));
  const pattern = patterns.join("\\s*[^]*?\\s*");
  return new RegExp(`^${pattern}$`).test(steady(printed));
}
