// jco: components of WASI 0.2 in JavaScript, with preview2-shim below.

import { clocksOf } from "../clocks.ts";
import { clockInterfaces } from "../component/clocks.ts";
import { IoError } from "../component/errors.ts";
import { type ForeignPoll, Pollable, Polling } from "../component/poll.ts";
import { InputStream, OutputStream } from "../component/streams.ts";
import { type Guest, makeGuest } from "../guest/guest.ts";
import type { Table } from "../guest/table.ts";
import type { AdapterOptions } from "./imports.ts";

/** The imports of a component by interface, as `getImportObject()` of a WASIShim returns them. */
export type JcoImports = Readonly<Record<string, object>>;

/** A component has its three streams and no numbers. */
export type JcoGuest = Pick<Guest, "set" | "close" | "dispose">;

type Streams = "stdin" | "stdout" | "stderr";

/** Those options of createGuest that a component can have. */
export interface JcoOptions extends Pick<
  AdapterOptions,
  "select" | "os" | Streams | "clocks" | "limits" | "cancel"
> {
  /** Is given the guest when it is made, for its `set`, `close` and `dispose`. */
  readonly onGuest?: (guest: JcoGuest) => void;
}

/** Options of createGuest that a component cannot have. */
const REFUSED = ["memory", "fds", "under", "numbers", "badf"];

type Constructor<Instance> = abstract new (...given: never[]) => Instance;

/** An interface of the runtime: functions and classes by name. */
type Interface = Readonly<Record<string, unknown>>;

/** The resource `terminal-input`, which has no methods. */
class TerminalInput {
  readonly fd: number;

  constructor(fd: number) {
    this.fd = fd;
  }
}

/** The resource `terminal-output`. */
class TerminalOutput extends TerminalInput {}

/**
 * A class of ours for one component: objects of the runtime's class are its instances, too, so that the streams and
 * pollables of files and sockets, which stay the runtime's, pass the checks of jco.
 */
function classFor<Own extends Constructor<object>>(own: Own, theirs: unknown): Own {
  const named = { [own.name]: class extends (own as Constructor<object>) {} };
  const made = named[own.name] as unknown as Own;
  return Object.defineProperty(made, Symbol.hasInstance, {
    value: (value: unknown) =>
      value instanceof own || (typeof theirs === "function" && value instanceof theirs),
  });
}

/** The suffixes of versions in the names of the imports: "", "@0.2.3". */
function suffixesOf(imports: JcoImports): Set<string> {
  const names = Object.keys(imports).filter((name) => name.startsWith("wasi:"));
  const suffixes = names.map((name) => /@.*$/.exec(name)?.[0] ?? "");
  return new Set(suffixes.length > 0 ? suffixes : [""]);
}

/**
 * The imports of a component that jco has transpiled (`jco transpile -I async`, or `-I sync`): `wasi:io`, `wasi:clocks` and
 * the standard streams are ours, over the descriptors of `options`; the rest, files and sockets too, is the runtime's.
 * A stream that `options` does not have is the runtime's own.
 *
 * `poll` sleeps in one wait of the host, and blocks its thread. Pollables of the runtime may be in the same list: they
 * are looked at every 1 to 10 ms then. An empty list, a write beyond the permit and more than 4096 bytes at once in
 * blocking-write-and-flush are traps, as the WIT has them: an Error is thrown through the component.
 *
 * ```js
 * const imports = forJco(new WASIShim().getImportObject(), { select, os, stdin, stdout });
 * const { run } = await instantiate(getCoreModule, imports);
 * run.run();
 * ```
 *
 * @param imports what `getImportObject()` of preview2-shim's WASIShim returns, or the parts of it that the component
 *   imports; with versions in the names (`asVersion`) or without
 * @returns the object to instantiate the component with
 * @throws {TypeError} if an option is one that a component cannot have, or a target is no open descriptor
 */
export function forJco(imports: JcoImports, options: JcoOptions): Record<string, object> {
  if (typeof imports !== "object" || imports === null || "getImportObject" in imports) {
    const isObject = typeof imports === "object" && imports !== null;
    const got = isObject ? "the WASIShim itself" : String(imports);
    throw new TypeError(`imports: the result of getImportObject() is needed, not ${got}`);
  }
  const refused = REFUSED.find((name) => (options as unknown as Interface)[name] !== undefined);
  if (refused !== undefined) {
    throw new TypeError(
      `options.${refused}: a component of jco has stdin, stdout and stderr alone`,
    );
  }
  const { onGuest, ...given } = options;
  const memory = new WebAssembly.Memory({ initial: 0 });
  const { guest, table, waiter, limits } = makeGuest({ ...given, memory });
  onGuest?.({
    set(fd, target) {
      if (![0, 1, 2].includes(fd)) {
        throw new TypeError(`fd: a component has the descriptors 0, 1 and 2, not ${fd}`);
      }
      guest.set(fd, target);
    },
    close: guest.close,
    dispose: guest.dispose,
  });
  const clocks = clocksOf(options.select.host, options.clocks ?? {});
  const made = { ...imports };
  for (const suffix of suffixesOf(imports)) {
    const of = (name: string): Interface => (imports[name + suffix] ?? {}) as Interface;
    const ours = interfacesOver(of, table, clocks, (foreign) => {
      return new Polling(waiter, limits, foreign);
    });
    for (const [name, own] of Object.entries(ours)) made[name + suffix] = { ...of(name), ...own };
  }
  return made;
}

/** The interfaces of ours, by name; `theirs` has the runtime's. */
function interfacesOver(
  theirs: (name: string) => Interface,
  table: Table,
  clocks: Parameters<typeof clockInterfaces>[0],
  pollingOver: (foreign: ForeignPoll | undefined) => Polling,
): Record<string, Interface> {
  const { Pollable: theirPollable, poll } = theirs("wasi:io/poll");
  const { InputStream: theirInput, OutputStream: theirOutput } = theirs("wasi:io/streams");
  const input = theirs("wasi:cli/terminal-input")["TerminalInput"];
  const output = theirs("wasi:cli/terminal-output")["TerminalOutput"];
  const foreign = typeof poll === "function" ? { poll: poll as ForeignPoll["poll"] } : undefined;
  const polling = pollingOver(foreign);
  const { monotonicClock, wallClock } = clockInterfaces(clocks, polling);

  /** The runtime's function `name` of an interface; for a stream that is not ours. */
  function own(fd: number, from: string, name: string): unknown {
    const call = theirs(from)[name];
    if (typeof call === "function" && !table.covers(fd)) return (call as () => unknown)();
    throw new Error(`${from}: neither the guest nor the imports have ${name}`);
  }
  /** wasi:cli/stdin and the like, with its terminal. */
  function standard(fd: number, name: string, isInput: boolean): Record<string, Interface> {
    const from = `wasi:cli/${name.toLowerCase()}`;
    const terminal = `wasi:cli/terminal-${name.toLowerCase()}`;
    const getStream = (): unknown => {
      const entry = table.entry(fd);
      if (entry === undefined) return own(fd, from, `get${name}`);
      return new (isInput ? InputStream : OutputStream)(polling, entry);
    };
    const getTerminal = (): unknown => {
      const entry = table.entry(fd);
      if (entry === undefined) return own(fd, terminal, `getTerminal${name}`);
      if (entry.file.isTerminal !== true) return undefined;
      return isInput ? new TerminalInput(fd) : new TerminalOutput(fd);
    };
    return {
      [from]: { [`get${name}`]: getStream },
      [terminal]: { [`getTerminal${name}`]: getTerminal },
    };
  }
  const { filesystemErrorCode } = theirs("wasi:filesystem/types");
  const files = {
    filesystemErrorCode: (error: unknown): unknown =>
      error instanceof IoError
        ? error.filesystemCode
        : (filesystemErrorCode as ((error: unknown) => unknown) | undefined)?.(error),
  };
  return {
    "wasi:io/error": { Error: classFor(IoError, theirs("wasi:io/error")["Error"]) },
    "wasi:io/poll": {
      Pollable: classFor(Pollable, theirPollable),
      poll: (list: Parameters<Polling["poll"]>[0]) => polling.poll(list),
    },
    "wasi:io/streams": {
      InputStream: classFor(InputStream, theirInput),
      OutputStream: classFor(OutputStream, theirOutput),
    },
    "wasi:clocks/monotonic-clock": monotonicClock,
    "wasi:clocks/wall-clock": wallClock,
    "wasi:filesystem/types": files,
    "wasi:cli/terminal-input": { TerminalInput: classFor(TerminalInput, input) },
    "wasi:cli/terminal-output": { TerminalOutput: classFor(TerminalOutput, output) },
    ...standard(0, "Stdin", true),
    ...standard(1, "Stdout", false),
    ...standard(2, "Stderr", false),
  };
}
