// OMNIPOLL_TRACE: a line for each call of a host, like strace(1) with this project's names.
//
//   [1234 main] epoll_ctl(epfd 21, ADD, fd 0, IN|ET) = 0 <0.011 ms>
//   [1234 main] epoll_wait(epfd 21, capacity 64, for ever) = 1 [fd 0 IN] <512.204 ms>
//   [1234 worker 1] read(fd 24, length 8) = -EAGAIN (Resource temporarily unavailable) <0.004 ms>
//
// A line is written after its call, because it has the result and the time. How a call is shown
// follows from its entry in host/calls.ts: a call that is added there is traced without a change here.

import { closeSync, openSync, writeSync } from "node:fs";
import { isMainThread, threadId } from "node:worker_threads";
import { EPOLL_CLOEXEC } from "../../asm/abi.ts";
import type { Address, CallName, Meaning } from "../call.ts";
import { CALL_NAMES, callOf } from "../calls.ts";
import { exitWordsOf, signalNameOf } from "../exit.ts";
import type { Host, HostCalls } from "../host.ts";
import {
  capabilityNames,
  eventNames,
  inotifyNames,
  interfaceNames,
  operationName,
} from "../names.ts";
import { listOf } from "./records.ts";

/** Writes one line, which has no end of line yet. Never throws. */
export type WriteLine = (line: string) => void;

/** The name of the bits of a mask: "IN|ET"; "0" if there are none. */
function maskOf(names: readonly string[]): string {
  return names.length === 0 ? "0" : names.join("|");
}

/** A number of milliseconds, to the microsecond. */
function msOf(ms: number): string {
  return `${Number(ms.toFixed(3))} ms`;
}

/** How a number is shown that means more than itself. */
const SHOWN: Partial<Record<Meaning, (value: number) => string>> = {
  capabilities: (value) => maskOf(capabilityNames(value)),
  deadline: (value) => (value === 0 ? "disarm" : `at ${msOf(value)}`),
  "epoll flags": (value) => (value === EPOLL_CLOEXEC ? "CLOEXEC" : String(value)),
  "epoll mask": (value) => maskOf(eventNames(value)),
  "epoll operation": operationName,
  "inotify mask": (value) => maskOf(inotifyNames(value)),
  "interface flags": (value) => maskOf(interfaceNames(value)),
  signal: signalNameOf,
  time: msOf,
  timeout: (value) => (value < 0 ? "for ever" : msOf(value)),
  "wait status": exitWordsOf,
};

/** The arguments of a call before it is made. */
function argumentsOf(name: CallName, memory: WebAssembly.Memory, numbers: readonly number[]) {
  const { takes } = callOf(name);
  /** Counts that a list of records shows by its length. */
  const isShown = new Set<string | undefined>();
  const words = takes.map((argument, at): string => {
    const value = numbers[at] as number;
    if (argument.type !== "usize") {
      if (isShown.has(argument.name)) return "";
      return SHOWN[argument.meaning]?.(value) ?? `${argument.name} ${value}`;
    }
    if (argument.access === "writes") return "";
    isShown.add(argument.count);
    return listOf(argument, memory, value, countOf(argument, name, numbers), false);
  });
  return words.filter((word) => word !== "").join(", ");
}

/** Number of records that an address is for. */
function countOf({ count }: Address, name: CallName, numbers: readonly number[]): number {
  if (count === undefined) return 1;
  return numbers[callOf(name).takes.findIndex((other) => other.name === count)] as number;
}

/** The records that a call has written. */
function writtenBy(
  name: CallName,
  memory: WebAssembly.Memory,
  numbers: readonly number[],
  result: number,
): string {
  const { takes, gives } = callOf(name);
  return takes
    .map((argument, at): string => {
      if (argument.type !== "usize" || argument.access === "reads") return "";
      const isFilled = argument.access === "writes" && gives === "count";
      const count = isFilled ? result : countOf(argument, name, numbers);
      return count === 0 ? "" : listOf(argument, memory, numbers[at] as number, count, true);
    })
    .filter((list) => list !== "")
    .map((list) => ` ${list}`)
    .join("");
}

function resultOf(host: Host, name: CallName, result: number): string {
  const { gives } = callOf(name);
  if (result >= 0) return SHOWN[gives]?.(result) ?? String(result);
  const [code, message] = host.describe(-result);
  return `-${code} (${message})`;
}

/** The result of `show`, or its error as text: no call may fail because of its trace. */
function shown(show: () => string): string {
  try {
    return show();
  } catch (error) {
    return `(${String(error)})`;
  }
}

/** The calls of `host`, with a line for each call. */
export function traced(host: Host, write: WriteLine): Host {
  const thread = isMainThread ? "main" : `worker ${threadId}`;
  const head = `[${process.pid} ${thread}]`;
  const none = new WebAssembly.Memory({ initial: 0 });
  if (host.reason !== undefined) write(`${head} host ${host.name}: ${host.reason}`);

  const calls = CALL_NAMES.map((name) => {
    const call = (...given: unknown[]): number => {
      const takesMemory = given[0] instanceof WebAssembly.Memory;
      const memory = takesMemory ? (given[0] as WebAssembly.Memory) : none;
      const numbers = (takesMemory ? given.slice(1) : given) as number[];
      const before = shown(() => argumentsOf(name, memory, numbers));
      const begun = performance.now();
      const result = (host[name] as (...all: unknown[]) => number)(...given);
      const ms = (performance.now() - begun).toFixed(3);
      const answer = shown(() => resultOf(host, name, result));
      const after = result < 0 ? "" : shown(() => writtenBy(name, memory, numbers, result));
      write(`${head} ${name}(${before}) = ${answer}${after} <${ms} ms>`);
      return result;
    };
    return [name, call] as const;
  });
  return { ...host, ...(Object.fromEntries(calls) as unknown as HostCalls) };
}

/** How long a trace waits for a reader that does not read, in ms. */
const LIMIT_MS = 1000;

const isBusy = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === "EAGAIN";

/**
 * Writes whole lines to a descriptor, at once: a program that ends or hangs has its last line
 * written. The trace never fails a call. If the reader of a pipe that does not block falls behind for
 * a second, lines are left out and counted; after any other error (EPIPE, ENOSPC) the trace ends.
 */
export function lineWriter(fd: number): WriteLine {
  let lost = 0;
  let isOver = false;
  const pause = new Int32Array(new SharedArrayBuffer(4));

  /** The number of bytes that the descriptor took; throws what writeSync does. */
  function writeSome(bytes: Uint8Array, deadline: number): number {
    for (;;) {
      try {
        return writeSync(fd, bytes);
      } catch (error) {
        if (!isBusy(error) || performance.now() > deadline) throw error;
        Atomics.wait(pause, 0, 0, 1);
      }
    }
  }

  return (line) => {
    if (isOver) return;
    const lines = lost === 0 ? `${line}\n` : `(${lost} lines are missing here)\n${line}\n`;
    let rest: Uint8Array = Buffer.from(lines);
    const whole = rest.length;
    const deadline = performance.now() + (lost === 0 ? LIMIT_MS : 0);
    try {
      while (rest.length > 0) rest = rest.subarray(writeSome(rest, deadline));
      lost = 0;
    } catch (error) {
      // A line of which a part is written cannot be left out.
      if (isBusy(error) && rest.length === whole) lost++;
      else isOver = true;
    }
  };
}

/**
 * Traces `host` if OMNIPOLL_TRACE says so: "1" writes to standard error, anything else is the path of
 * a file to append to; "" and "0" trace nothing.
 *
 * @throws {Error} in one line, if the file cannot be opened
 */
export function withTrace(host: Host, wanted: string | undefined): Host {
  if (wanted === undefined || wanted === "" || wanted === "0") return host;
  if (wanted === "1") return traced(host, lineWriter(2));
  let fd: number;
  try {
    fd = openSync(wanted, "a");
  } catch (error) {
    throw new Error(
      `omnipoll: OMNIPOLL_TRACE must be 1 or a file that can be written to, got ${JSON.stringify(wanted)}: ${(error as Error).message}`,
      { cause: error },
    );
  }
  const write = lineWriter(fd);
  if (isMainThread) return traced(host, write);
  let isOpen = true;
  // A worker with `trackUnmanagedFds: false` would leave the descriptor open. After the close another
  // thread may get its number.
  process.once("exit", () => {
    isOpen = false;
    closeSync(fd);
  });
  return traced(host, (line) => {
    if (isOpen) write(line);
  });
}
