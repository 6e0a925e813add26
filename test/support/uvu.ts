// uvu with a report: besides the text that uvu prints, every test writes a line of JSON to the channel of
// events.ts. A file that a person starts has no channel.

import * as fs from "node:fs";
import * as uvu from "uvu";
import { CHANNEL, type Event } from "./events.ts";

type Context = Record<string, any>;

/** Writes an event to the runner. */
type Report = (event: Event) => void;

function openChannel(): Report {
  const given = (globalThis as Context)[CHANNEL] as ((line: string) => void) | undefined;
  if (given !== undefined) return (event) => given(JSON.stringify(event));
  const fd = process.env[CHANNEL];
  if (fd === undefined) return () => {};
  // A program that a test starts is no part of the report.
  delete process.env[CHANNEL];
  return (event) => fs.writeSync(Number(fd), `${JSON.stringify(event)}\n`);
}

const report = openChannel();

/** Tests that were declared and not run yet, of all suites. */
const left = new Set<object>();
/** Suites that were run and have not ended. */
let running = 0;

/** Milliseconds of one tick of proc_pid_stat(5). */
const TICK_MS = 10;

/** Processor time of this process and of the children that it waited for. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  try {
    const stat = fs.readFileSync("/proc/self/stat", "utf8");
    const [cutime, cstime] = stat.slice(stat.lastIndexOf(")")).split(" ").slice(14, 16);
    return (user + system) / 1000 + (Number(cutime) + Number(cstime)) * TICK_MS;
  } catch {
    return (user + system) / 1000;
  }
}

process.on("exit", () => {
  const names = Array.from(left, (test) => (test as { name: string }).name);
  report({ type: "exit", left: names, cpuMs: Math.round(cpuMs()) });
});

function partsOf(error: unknown): { message: string; stack: string } {
  if (!(error instanceof Error)) return { message: String(error), stack: "" };
  return { message: error.message, stack: error.stack ?? "" };
}

/** A suite of uvu that reports. */
function reporting<T>(inner: uvu.Test<T>, title: string): uvu.Test<T> {
  let declared: object[] = [];

  function observed(name: string, body: uvu.Callback<T>): uvu.Callback<T> {
    const test = { name };
    declared.push(test);
    left.add(test);
    return async (context) => {
      report({ type: "begin", suite: title, name });
      const begun = performance.now();
      const ended = () => Math.round((performance.now() - begun) * 10) / 10;
      try {
        await body(context);
      } catch (error) {
        const parts = partsOf(error);
        report({ type: "test", suite: title, name, result: "failed", ms: ended(), ...parts });
        throw error;
      }
      report({ type: "test", suite: title, name, result: "passed", ms: ended() });
    };
  }

  function hookOf(hook: string, add: (body: uvu.Callback<T>) => void) {
    return (body: uvu.Callback<T>): void =>
      add(async (context) => {
        try {
          await body(context);
        } catch (error) {
          report({ type: "hook", suite: title, hook, message: partsOf(error).message });
          throw error;
        }
      });
  }

  function hooksOf(hook: string, hooks: uvu.Test<T>["before"]): uvu.Test<T>["before"] {
    return Object.assign(hookOf(hook, hooks), { each: hookOf(`${hook}.each`, hooks.each) });
  }

  return Object.assign((name: string, body: uvu.Callback<T>) => inner(name, observed(name, body)), {
    only(name: string, body: uvu.Callback<T>): void {
      report({ type: "only", name });
      inner.only(name, observed(name, body));
    },
    skip(name = ""): void {
      report({ type: "test", suite: title, name, result: "skipped", ms: 0 });
      inner.skip();
    },
    before: hooksOf("before", inner.before),
    after: hooksOf("after", inner.after),
    run(): void {
      running++;
      for (const test of declared) left.delete(test);
      declared = [];
      // The last hook of the suite: the other ones of `after` come before it.
      inner.after(() => {
        running--;
        if (running === 0) report({ type: "done" });
      });
      inner.run();
    },
  });
}

/** A suite with a title, and with a context that its tests get. */
export function suite<T = Context>(title = "", context?: T): uvu.Test<T> {
  return reporting(uvu.suite<T>(title, context), title);
}

/** The suite of a file that needs no title. */
export const test: uvu.Test<Context> = reporting(uvu.test, "");
