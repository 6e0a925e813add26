// What this core's host can do: asked once, since a host's answer never changes.

import * as host from "./host";

let asked = false;
let word: u32 = 0;

/** CAPABILITY_* bits of the host. */
export function capabilities(): u32 {
  if (!asked) {
    asked = true;
    word = host.capabilities();
  }
  return word;
}
