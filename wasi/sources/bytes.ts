// A source with fixed content.

import { EBADF } from "../../asm/abi.ts";
import type { Source } from "../source.ts";
import { bytesOf, Inbox } from "./state.ts";

/**
 * A descriptor with fixed content, then the end: standard input that is known beforehand. It is always ready to
 * be read, and cannot be written to (EBADF).
 *
 * @param content bytes, of which the source keeps a copy, or a text, which is read as UTF-8
 * @throws {TypeError} for other values
 */
export function fromBytes(content: Uint8Array | string): Source {
  const bytes = bytesOf(content);
  if (bytes === undefined) {
    throw new TypeError(`content must be a Uint8Array or a string, got ${typeof content}`);
  }
  const inbox = new Inbox();
  inbox.push(bytes.slice());
  inbox.end();
  return {
    filetype: 6,
    ready: () => inbox.ready,
    readable: () => inbox.size,
    writable: () => 0,
    read: (buffer) => inbox.read(buffer),
    write: () => -EBADF,
    // Nothing changes but by reads.
    watch: () => () => {},
    shutdown(how) {
      if (how !== 1) inbox.drop();
      return 0;
    },
    close: () => inbox.drop(),
  };
}
