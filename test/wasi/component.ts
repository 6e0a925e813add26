// A component without a program: the interfaces of forJco, as a component that jco has transpiled calls them.

import * as os from "../../bindings/node/os.ts";
import * as select from "../../bindings/node/select.ts";
import { forJco, type JcoGuest, type JcoOptions } from "../../wasi/adapters/jco.ts";
import type { Datetime } from "../../wasi/component/clocks.ts";
import type { StreamFailure } from "../../wasi/component/errors.ts";
import type { ForeignPollable, Pollable } from "../../wasi/component/poll.ts";
import type { InputStream, OutputStream } from "../../wasi/component/streams.ts";

/** A class of a resource. */
type Class = new () => object;

/** The interfaces that a test uses. */
interface Interfaces {
  readonly "wasi:io/poll": {
    readonly Pollable: Class;
    poll(list: ReadonlyArray<Pollable | ForeignPollable>): Uint32Array;
  };
  readonly "wasi:io/streams": { readonly InputStream: Class; readonly OutputStream: Class };
  readonly "wasi:io/error": { readonly Error: Class };
  readonly "wasi:clocks/monotonic-clock": {
    now(): bigint;
    resolution(): bigint;
    subscribeInstant(when: bigint): Pollable;
    subscribeDuration(ns: bigint): Pollable;
  };
  readonly "wasi:clocks/wall-clock": { now(): Datetime; resolution(): Datetime };
  readonly "wasi:cli/stdin": { getStdin(): InputStream };
  readonly "wasi:cli/stdout": { getStdout(): OutputStream };
  readonly "wasi:cli/stderr": { getStderr(): OutputStream };
  readonly "wasi:cli/terminal-stdin": { getTerminalStdin(): object | undefined };
  readonly "wasi:cli/terminal-stdout": { getTerminalStdout(): object | undefined };
  readonly "wasi:cli/terminal-input": { readonly TerminalInput: Class };
  readonly "wasi:filesystem/types": { filesystemErrorCode(error: unknown): string | undefined };
}

/** The module omnipoll, whose host counts its calls of poll. */
function countedSelect() {
  let polls = 0;
  const host = new Proxy(select.host, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      const call = value as (...given: unknown[]) => unknown;
      return (...given: unknown[]): unknown => {
        if (name === "poll") polls++;
        return call.apply(target, given);
      };
    },
  });
  return { select: { ...select, host }, polls: () => polls };
}

/** The interfaces of a component whose standard streams are `options`, over those of a runtime. */
export function componentOf(
  options: Omit<JcoOptions, "select" | "os">,
  runtime: Readonly<Record<string, object>> = {},
) {
  const counted = countedSelect();
  let guest: JcoGuest | undefined;
  const onGuest = (made: JcoGuest): void => void (guest = made);
  const imports = forJco(runtime, { ...options, select: counted.select, os, onGuest });
  const interfaces = imports as unknown as Interfaces;
  return {
    imports,
    interfaces,
    guest: guest as JcoGuest,
    /** How often the host's poll was called. */
    polls: counted.polls,
    poll: (...list: ReadonlyArray<Pollable | ForeignPollable>): number[] => [
      ...interfaces["wasi:io/poll"].poll(list),
    ],
    clock: interfaces["wasi:clocks/monotonic-clock"],
    stdin: () => interfaces["wasi:cli/stdin"].getStdin(),
    stdout: () => interfaces["wasi:cli/stdout"].getStdout(),
  };
}

/** The `stream-error` of a call that fails: "closed", or the case of wasi:filesystem's error-code. */
export function failure(body: () => unknown): string {
  try {
    body();
  } catch (error) {
    const { payload } = error as Partial<StreamFailure>;
    if (payload === undefined) throw error;
    return payload.tag === "closed" ? payload.tag : payload.val.filesystemCode;
  }
  throw new Error("the call did not fail");
}

/** Bytes as a string. */
export const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
/** A string as bytes. */
export const bytesOf = (value: string): Uint8Array => new TextEncoder().encode(value);
