// The smallest runtime for a program of C: arguments, an exit, and nothing that a guest's table has. So the
// compiled programs run wherever the suite does, also in a page.

import { inNanoseconds } from "../../wasi/clocks.ts";

/** Thrown by proc_exit, to leave the program. */
class Exit {
  readonly code: number;
  constructor(code: number) {
    this.code = code;
  }
}

const INVAL = 28;

/** The host's clocks. */
interface Clocks {
  now(): number;
  realtime(): number;
}

/** The functions of wasi_snapshot_preview1 that this runtime has. */
export function tinyRuntime(
  memoryOf: () => WebAssembly.Memory,
  args: readonly string[],
  host: Clocks,
): Record<string, (...given: never[]) => unknown> {
  const view = (): DataView => new DataView(memoryOf().buffer);
  const texts = args.map((text) => new TextEncoder().encode(`${text}\0`));
  const clocks = [inNanoseconds(() => host.realtime()), inNanoseconds(() => host.now())];

  return {
    args_sizes_get(count: number, size: number) {
      view().setUint32(count, texts.length, true);
      view().setUint32(
        size,
        texts.reduce((sum, { length }) => sum + length, 0),
        true,
      );
      return 0;
    },
    args_get(pointers: number, to: number) {
      let at = to;
      for (const [i, text] of texts.entries()) {
        view().setUint32(pointers + 4 * i, at, true);
        new Uint8Array(memoryOf().buffer, at, text.length).set(text);
        at += text.length;
      }
      return 0;
    },
    environ_sizes_get(count: number, size: number) {
      view().setUint32(count, 0, true);
      view().setUint32(size, 0, true);
      return 0;
    },
    environ_get: () => 0,
    clock_time_get(id: number, _precision: bigint, to: number) {
      const clock = clocks[id];
      if (clock === undefined) return INVAL;
      view().setBigUint64(to, clock(), true);
      return 0;
    },
    proc_exit(code: number) {
      throw new Exit(code);
    },
  };
}

/** Runs `_start` of an instance. Returns the exit code. */
export function start(instance: WebAssembly.Instance): number {
  try {
    (instance.exports["_start"] as () => void)();
    return 0;
  } catch (error) {
    if (error instanceof Exit) return error.code;
    throw error;
  }
}
