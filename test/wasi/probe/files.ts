// Files for the cases of the probe.

import { join } from "node:path";
import type { Scope } from "../../support/descriptors.ts";
import { readSync, writeFileSync } from "../../support/files.ts";

export { SOME_FILE } from "../../support/world.ts";

/** A file with a text, open for reading and writing, of which so many bytes have been read. */
export function tmpFile(s: Scope, text: string, offset: number): number {
  const path = join(s.folder(), "file");
  writeFileSync(path, text);
  const fd = s.open(path, "r+");
  if (offset > 0) readSync(fd, new Uint8Array(offset));
  return fd;
}
