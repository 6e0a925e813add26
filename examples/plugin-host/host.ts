// Runs plugins that nobody trusts, each in a thread of its own, and says what each of them did.

import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { Worker } from "node:worker_threads";
import * as os from "omnipoll/os";
import { DescriptorSet } from "omnipoll/wasi";
import { type Budgets, budgetsOf, type Refusal, wordsOf } from "./budgets.ts";
import type { Sandbox } from "./sandbox.ts";
import type { Job, Message } from "./worker.ts";

export interface PluginOptions {
  /** Default: "@wasmer/wasi". */
  readonly sandbox?: Sandbox;
  /** The plugin's arguments after its name. */
  readonly args?: readonly string[];
  /** The text on its standard input. */
  readonly input?: string;
  readonly budgets?: Partial<Budgets>;
}

/** What a plugin did. */
export interface Report {
  readonly name: string;
  /**
   * "exited" with its status; "failed" by a trap, or because its module was refused; "ended" by the host.
   */
  readonly how: "exited" | "failed" | "ended";
  readonly status: number | undefined;
  /** Why, in words. */
  readonly why: string;
  /** What the plugin asked for beyond its budgets, in words: each kind once. */
  readonly refused: readonly string[];
  readonly output: string;
  /** Descriptors that the host closed, because the plugin could not. */
  readonly closed: number;
}

type Outcome = Pick<Report, "how" | "status" | "why">;

export interface Plugin {
  readonly report: Promise<Report>;
  /** Number of bytes that it has written. */
  written(): number;
  /** Ends the plugin, whatever it does. */
  end(why: string): void;
}

/** The processor time of a plugin is looked at so often. */
const LOOK_MS = 50;
/** A plugin that makes no call for so many ms of processor time is computing, and is terminated in the middle of that. */
const GRACE_MS = 50;
/** Of one tick in /proc/…/stat (USER_HZ). */
const MS_PER_TICK = 10;

/** Milliseconds of processor time of a thread of this process; 0 of one that has ended. */
function processorMs(thread: number): number {
  try {
    const stat = readFileSync(`/proc/self/task/${thread}/stat`, "latin1");
    // After the name, which may have blanks: fields 3 and so on of proc(5).
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
  } catch {
    return 0;
  }
}

/**
 * Starts a plugin.
 *
 * @throws {TypeError} if a budget is unknown @throws {RangeError} if a budget is no whole number
 */
export function startPlugin(file: string, options: PluginOptions = {}): Plugin {
  const budgets = budgetsOf(options.budgets ?? {});
  const open = new DescriptorSet();
  const cancel = os.eventfd(0);
  const name = basename(file);
  const job: Job = {
    file,
    args: [name, ...(options.args ?? [])],
    input: options.input ?? "",
    sandbox: options.sandbox ?? "@wasmer/wasi",
    budgets,
    cancel,
    open: open.shared,
  };
  const worker = new Worker(new URL("./worker.js", import.meta.url), {
    workerData: job,
    execArgv: ["--no-warnings"],
    // For what a plugin makes the thread allocate beside its own memory.
    resourceLimits: { maxOldGenerationSizeMb: 64 },
  });

  const decoder = new TextDecoder();
  const refused: string[] = [];
  let output = "";
  let written = 0;
  let outcome: Outcome | undefined;
  let look: NodeJS.Timeout | undefined;
  let isCancelled = false;
  let isOver = false;

  /** The first outcome counts. */
  function settle(how: Report["how"], why: string, status?: number): void {
    outcome ??= { how, why, status };
  }

  function end(why: string): void {
    if (isOver) return;
    settle("ended", why);
    // Its next call throws, or the one in which it waits, and its descriptors are closed on the way out.
    if (!isCancelled) os.eventfd_write(cancel, 1);
    isCancelled = true;
    if (look === undefined) void worker.terminate();
  }

  function watchProcessor(thread: number): void {
    const before = processorMs(thread);
    let atCancel: number | undefined;
    look = setInterval(() => {
      const used = processorMs(thread) - before;
      if (isCancelled) {
        atCancel ??= used;
        if (used - atCancel < GRACE_MS) return;
        clearInterval(look);
        void worker.terminate();
      } else if (used > budgets.processorMs) {
        end(`it used ${used} ms of processor time, and may use ${budgets.processorMs} ms`);
      }
    }, LOOK_MS);
  }

  worker.on("message", (message: Message) => {
    if ("begins" in message) watchProcessor(message.begins);
    else if ("output" in message) {
      output += decoder.decode(message.output, { stream: true });
      written += message.output.length;
    } else if ("refused" in message) refused.push(wordsOf(message.refused as Refusal, budgets));
    else if ("failed" in message) settle("failed", message.failed);
    else {
      const { exited, memoryBytes } = message;
      const isFull = memoryBytes + 2 ** 20 > budgets.memoryBytes;
      const why = isFull ? `, with all of its ${budgets.memoryBytes} bytes of memory in use` : "";
      settle("exited", `it exited with status ${exited}${why}`, exited);
    }
  });
  worker.on("error", (error) => settle("failed", error.message));

  const report = new Promise<Report>((resolve) => {
    worker.once("exit", () => {
      isOver = true;
      clearInterval(look);
      const closed = open.closeAll(os);
      os.close(cancel);
      settle("failed", "its thread ended");
      resolve({ ...(outcome as Outcome), name, refused, output, closed });
    });
  });
  return { report, written: () => written, end };
}
