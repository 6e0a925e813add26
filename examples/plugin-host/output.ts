// The standard output of a plugin: an object of JavaScript that passes bytes on until the budget is used up.

import { EVENT_OUT } from "omnipoll/abi";
import type { Source } from "omnipoll/wasi";

const [EINVAL, ENOSPC] = [22, 28];
const CHARACTER_DEVICE = 2;

/**
 * @param left how many bytes may be written
 * @param refused is called when a write does not fit, which fails with ENOSPC
 */
export function createOutput(
  left: number,
  pass: (bytes: Uint8Array) => void,
  refused: () => void,
): Source {
  let room = left;
  return {
    filetype: CHARACTER_DEVICE,
    ready: () => EVENT_OUT,
    readable: () => 0,
    writable: () => room,
    read: () => -EINVAL,
    write(bytes) {
      const taken = Math.min(bytes.length, room);
      if (taken < bytes.length) refused();
      if (taken === 0) return -ENOSPC;
      room -= taken;
      // A copy of its own, which is moved to the other thread.
      pass(bytes.slice(0, taken));
      return taken;
    },
    watch: () => () => {},
    shutdown: () => 0,
    close: () => {},
  };
}
