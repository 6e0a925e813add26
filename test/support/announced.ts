// The calls of a script under strace, which traced.ts counts.

import * as os from "../../bindings/node/os.ts";

const STDERR = 2;

/** How often a script makes each of its calls. */
export const TIMES = 10;

type Call = (i: number) => unknown;

function repeat(call: Call): void {
  for (let i = 0; i < TIMES; i++) call(i);
}

/** Makes calls, between two lines on standard error that name them. */
export function announce(calls: Readonly<Record<string, Call>>): void {
  // Once before, so that nothing is loaded, compiled or grown while strace counts.
  for (const call of Object.values(calls)) repeat(call);
  for (const [name, call] of Object.entries(calls)) {
    os.write(STDERR, `begin ${name}\n`);
    repeat(call);
    os.write(STDERR, `end ${name}\n`);
  }
}
