// Calls that suspend the stack of a WebAssembly function, where JavaScript has JSPI.

import { suspendingImport } from "../../wasi/suspend.ts";
import { passing } from "../support/wasm.ts";

type Numbers = readonly number[];

/** What WebAssembly has with JSPI. */
const { promising } = WebAssembly as unknown as {
  promising?: (entry: unknown) => (...given: number[]) => Promise<number>;
};

/** Whether stacks can be suspended here. */
export const HAS_JSPI = promising !== undefined;

if (!HAS_JSPI) console.log("skip: this JavaScript has no JSPI");

/**
 * A function of WebAssembly whose stack is suspended until the promise of `call` is settled. Without JSPI `call`
 * itself.
 */
export function onStack(
  call: (...given: number[]) => number | Promise<number>,
): (...given: Numbers) => Promise<number> {
  if (promising === undefined) return async (...given) => call(...given);
  const begun = (...numbers: number[]): number | (() => Promise<number>) => {
    const result = call(...numbers);
    return typeof result === "number" ? result : () => result;
  };
  return (...given) => {
    const signature = { params: given.map(() => "i32"), results: ["i32"] };
    const module = new WebAssembly.Module(passing({ call: signature }));
    const host = { call: suspendingImport("a test", given.length, begun) };
    return promising(new WebAssembly.Instance(module, { host }).exports["call"])(...given);
  };
}
