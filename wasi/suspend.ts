// JSPI (WebAssembly.Suspending and WebAssembly.promising): guests whose stack is suspended while a call waits.
// TypeScript 7 has no declarations of it.

/** A call that has its result at once, or a function that begins to wait for it. */
type Call = (...given: number[]) => number | Begin;
type Begin = () => Promise<number>;

interface Jspi {
  readonly Suspending?: new (
    call: (...given: number[]) => Promise<number>,
  ) => WebAssembly.ImportValue;
  readonly promising?: (entry: () => void) => () => Promise<void>;
}

/** @throws {Error} where JavaScript has no JSPI; `what` is the beginning of the message */
function jspi(what: string): Required<Jspi> {
  const { Suspending, promising } = WebAssembly as unknown as Jspi;
  if (Suspending === undefined || promising === undefined) {
    throw new Error(
      `${what}: this JavaScript has no JSPI (WebAssembly.Suspending): Node 24, Chromium 137, Deno and Bun have it`,
    );
  }
  return { Suspending, promising };
}

const I32 = 0x7f;
/** Begins the definition of a function type. */
const FUNCTION = 0x60;
/** LEB128 of PENDING: the lowest number of 32 bits. */
const LOWEST = [0x80, 0x80, 0x80, 0x80, 0x78];
const PENDING = -(2 ** 31);
/** A stack is between `probe` and `finish` for some microtasks. Others are those of calls that could not be suspended. */
const MOST_PROBED = 4096;

const name = (text: string): number[] => [text.length, ...new TextEncoder().encode(text)];
const vector = (...items: number[][]): number[] => [items.length, ...items.flat()];
const section = (id: number, body: number[]): number[] => [id, body.length, ...body];

/**
 * A module whose export `call` takes so many numbers of 32 bits. It calls its import `begin` with them; if the result
 * is PENDING, `probe`, and `finish` with the result of that. A call of WebAssembly, since a stack with JavaScript on it
 * cannot be suspended.
 */
function moduleOf(count: number): WebAssembly.Module {
  const numbers = Array.from({ length: count }, (_, i) => i);
  const params = numbers.map(() => I32);
  // prettier-ignore
  const body = [
    ...vector([1, I32]), // one local, which has the number `count`
    ...numbers.flatMap((i) => [0x20, i]), // local.get i
    0x10, 0, // call begin
    0x22, count, // local.tee
    0x41, ...LOWEST, 0x46, // i32.const PENDING, i32.eq
    0x04, I32, // if (result i32)
    0x10, 1, 0x10, 2, // call probe, call finish
    0x05, 0x20, count, // else local.get
    0x0b, 0x0b, // end end
  ];
  const bytes = [
    [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    section(
      1,
      vector(
        [FUNCTION, count, ...params, 1, I32],
        [FUNCTION, 0, 1, I32],
        [FUNCTION, 1, I32, 1, I32],
      ),
    ),
    section(
      2,
      vector(
        [0, ...name("begin"), 0, 0],
        [0, ...name("probe"), 0, 1],
        [0, ...name("finish"), 0, 2],
      ),
    ),
    section(3, vector([0])),
    section(7, vector([...name("call"), 0, 3])),
    section(10, vector([body.length, ...body])),
  ];
  return new WebAssembly.Module(Uint8Array.from(bytes.flat()));
}

const modules = new Map<number, WebAssembly.Module>();

/**
 * An import for which the guest is suspended while `call` waits; the exports of the guest that call it must be
 * wrapped with `WebAssembly.promising`. A WebAssembly.Suspending always suspends the stack, if only until the
 * microtasks have run. This import does not where the result is no promise.
 *
 * @param what names the import in the error
 * @param count of the arguments, which are numbers of 32 bits
 * @throws {Error} where JavaScript has no JSPI
 */
export function suspendingImport(what: string, count: number, call: Call): WebAssembly.ImportValue {
  const { Suspending } = jspi(what);
  const module = modules.get(count) ?? moduleOf(count);
  modules.set(count, module);
  /** What `begin` has left for `probe`, which is called next. */
  let left: Begin | undefined;
  /** By the number that `probe` hands to `finish`: calls whose stack is suspended, and which have not begun to wait. */
  const probed = new Map<number, Begin>();
  let numbers = 0;
  const begin = (...given: number[]): number => {
    const result = call(...given);
    if (typeof result === "number") return result;
    left = result;
    return PENDING;
  };
  // A Suspending calls its function before it finds that the stack cannot be suspended: a wait that began there would
  // go on without its guest.
  const probe = new Suspending(() => {
    const number = (numbers = (numbers + 1) | 0);
    probed.set(number, left as Begin);
    if (probed.size > MOST_PROBED) probed.delete(probed.keys().next().value as number);
    return Promise.resolve(number);
  });
  const finish = new Suspending((number) => {
    const wait = probed.get(number as number) as Begin;
    probed.delete(number as number);
    return wait();
  });
  const { exports } = new WebAssembly.Instance(module, { "": { begin, probe, finish } });
  return exports["call"] as WebAssembly.ImportValue;
}

/** Thrown by proc_exit, to leave the program. */
class Exit {
  readonly code: number;
  constructor(code: number) {
    this.code = code;
  }
}

/** proc_exit of a program that `startSuspending` runs. */
export function exit(code: number): never {
  throw new Exit(code);
}

/**
 * Runs a command, a guest that exports `_start`, whose imports are those of `guest.suspending`: the guest waits, its
 * thread goes on. Any number of guests run at once so, each an instance of its own. `start` of a runtime does not do:
 * it calls `_start` without `WebAssembly.promising`, and a call that must wait throws a SuspendError then. A
 * runtime that has to know its guest is told first, node:wasi with `wasi.finalizeBindings(instance)` (Node 24).
 *
 * @param instance the command, which runs once
 * @returns the exit code, 0 if the program returns from `_start`
 * @throws {Error} where JavaScript has no JSPI
 * @throws {TypeError} if the instance exports no function `_start`
 * @throws what a call of the guest throws: a WebAssembly.RuntimeError if it traps, an Error if the guest is
 *   disposed while it waits
 */
export async function startSuspending(instance: WebAssembly.Instance): Promise<number> {
  const { promising } = jspi("startSuspending");
  const start: unknown = (instance as WebAssembly.Instance | undefined)?.exports?.["_start"];
  if (typeof start !== "function") {
    const names = Object.keys(instance?.exports ?? {}).join(", ") || "nothing";
    throw new TypeError(`startSuspending: instance must export a function _start, it has ${names}`);
  }
  try {
    await promising(start as () => void)();
    return 0;
  } catch (error) {
    if (error instanceof Exit) return error.code;
    throw error;
  }
}
