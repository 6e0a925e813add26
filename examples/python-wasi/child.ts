// A run of run.ts in a process of its own, since a waiting guest blocks its process, some for ever.

import { spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { installPython } from "./package.ts";

const RUN = fileURLToPath(new URL("run.js", import.meta.url));

export const SANDBOXES = ["node:wasi", "@wasmer/wasi"] as const;
export type Sandbox = (typeof SANDBOXES)[number];

/** Standard input of a run: closed, open without bytes, or with a line that a pipe or a file has. */
export type Stdin = "closed" | "idle" | "pipe" | "file";

export interface Run {
  readonly sandbox: Sandbox;
  /** Whether the sandbox keeps its own poll_oneoff. */
  readonly isStock: boolean;
  /** The arguments of the interpreter. */
  readonly args: readonly string[];
  readonly stdin?: Stdin;
  /** Folders of the host by their paths in the guest. */
  readonly mounts?: Readonly<Record<string, string>>;
  /** The port of a server on the loopback device, whose connection is the guest's descriptor 100. */
  readonly port?: number;
  readonly deadlineMs: number;
}

export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  /** The exit status; null of a process that the deadline ended. */
  readonly status: number | null;
}

export const LINE = "one line\n";

/** Runs an interpreter; resolves once it has ended, or the deadline has ended it. */
export async function runChild(run: Run): Promise<Ended> {
  const { sandbox, isStock, args, stdin = "closed", mounts = {}, port, deadlineMs } = run;
  // Here, since children that run at once would install at once.
  installPython();
  const folder = mkdtempSync(join(tmpdir(), "omnipoll-python-"));
  const file = join(folder, "stdin");
  writeFileSync(file, LINE);
  const input = stdin === "file" ? openSync(file, "r") : stdin === "closed" ? "ignore" : "pipe";
  const child = spawn(
    process.execPath,
    [
      // node:wasi is experimental, and says so.
      "--no-warnings",
      RUN,
      "--sandbox",
      sandbox,
      ...(isStock ? ["--stock"] : []),
      ...Object.entries(mounts).flatMap(([to, from]) => ["--mount", `${to}=${from}`]),
      ...(port === undefined ? [] : ["--connect", `100=${port}`]),
      "--",
      ...args,
    ],
    { stdio: [input, "pipe", "pipe"] },
  );
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  // A run may end without reading.
  child.stdin?.on("error", () => {});
  if (stdin === "pipe") child.stdin?.end(LINE);
  // A thread that waits in node:wasi ends by SIGKILL alone.
  const timer = setTimeout(() => child.kill("SIGKILL"), deadlineMs);
  try {
    const status = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject).once("close", resolve);
    });
    return { stdout, stderr, status };
  } finally {
    clearTimeout(timer);
    if (typeof input === "number") closeSync(input);
    rmSync(folder, { recursive: true });
  }
}

/** A server on the loopback device that sends lines back in capitals, and its end after that of the client. */
export async function upperCaseServer(): Promise<{ port: number; server: Server }> {
  const server = createServer({ allowHalfOpen: true }, (peer) => {
    peer.on("error", () => {});
    peer.setEncoding("utf8").on("data", (text: string) => peer.write(text.toUpperCase()));
    peer.on("end", () => peer.end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return { port, server };
}
