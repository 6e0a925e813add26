// Running the programs of the package as a shell does: real processes, real descriptors.

import { type ChildProcess, spawn, spawnSync, type StdioOptions } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The `bin` of the package. */
export const CLI = fileURLToPath(new URL("../../bindings/cli/main.js", import.meta.url));

/** Path of a compiled example. */
export function exampleOf(name: string): string {
  return fileURLToPath(new URL(`../../examples/${name}.js`, import.meta.url));
}

/** The outcome of a process. */
export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

/** A process under way. */
export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves once `text` is in standard output, `times` times if that is given. */
  printed(text: string, times?: number): Promise<void>;
}

export interface RunOptions {
  readonly stdio?: StdioOptions;
  readonly env?: Record<string, string>;
}

/** Starts `node` with `args`; standard input is a pipe that stays open unless said otherwise. */
export function start(args: readonly string[], options: RunOptions = {}): Running {
  return startProgram(process.execPath, args, options);
}

/** Starts a program, which is killed after two minutes. */
export function startProgram(
  program: string,
  args: readonly string[],
  { stdio = "pipe", env = {} }: RunOptions = {},
): Running {
  const begun = performance.now();
  const child = spawn(program, args, {
    stdio,
    env: { ...process.env, ...env },
    timeout: 120_000,
    killSignal: "SIGKILL",
  });
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  child.stdin?.on("error", () => {}); // the program may end without reading
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status, signal) => {
      resolve({ status, signal, stdout, stderr, ms: performance.now() - begun });
    });
  });
  const printed = (text: string, times = 1): Promise<void> =>
    new Promise((resolve, reject) => {
      const check = (): void => {
        if (stdout.split(text).length > times) resolve();
      };
      child.stdout?.on("data", check);
      child.once("close", () => reject(new Error(`ended without printing ${text}: ${stderr}`)));
      check();
    });
  return { child, ended, printed };
}

/** Runs the command line with standard input from /dev/null, to its end. */
export function omnipoll(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return start([CLI, ...args], { stdio: ["ignore", "pipe", "pipe"], ...options }).ended;
}

/** Runs a script of sh; `$OMNIPOLL` is the command line. */
export function shell(script: string, env: Record<string, string> = {}): Promise<Ended> {
  const text = `omnipoll() { "${process.execPath}" "${CLI}" "$@"; }\n${script}`;
  return startProgram("sh", ["-c", text], { stdio: ["ignore", "pipe", "pipe"], env }).ended;
}

/** Whether the machine has `script` of util-linux, which gives a program a terminal. */
export const hasTerminal = spawnSync("script", ["--version"], {
  encoding: "utf8",
}).stdout?.includes("util-linux");

/** Runs a script of sh on a terminal, whose keyboard sends `typed` after `ms`. */
export async function onTerminal(script: string, typed: string, ms: number): Promise<Ended> {
  const running = startProgram("script", ["-qec", script, "/dev/null"]);
  setTimeout(() => running.child.stdin?.write(typed), ms);
  const ended = await running.ended;
  return { ...ended, stdout: ended.stdout.replaceAll("\r", "") };
}

export const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms));
