// Positions in compiled files, as positions in their sources. The runner translates them in the output of
// a file that failed: --enable-source-maps would cost every process a tenth of its time.

import { existsSync, readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

const maps = new Map<string, SourceMap | undefined>();

/** Adds the map of a file that is not on the disk. */
export function addMap(path: string, text: string): void {
  maps.set(path, new SourceMap(JSON.parse(text)));
}

function mapOf(path: string): SourceMap | undefined {
  if (!maps.has(path)) {
    const file = `${ROOT}${path}.map`;
    maps.set(
      path,
      existsSync(file) ? new SourceMap(JSON.parse(readFileSync(file, "utf8"))) : undefined,
    );
  }
  return maps.get(path);
}

/** `text` with positions such as `dist/test/a.js:3:5` translated to `test/a.ts:2:4`. */
export function inSources(text: string): string {
  return text.replaceAll(
    /(?:file:\/\/)?[^\s()"']*?\b(dist\/[\w./-]+\.js):(\d+):(\d+)/g,
    (found, path: string, line: string, column: string) => {
      const entry = mapOf(path)?.findEntry(Number(line) - 1, Number(column) - 1);
      if (entry === undefined || !("originalLine" in entry)) return found;
      // A bundle has the lines of many sources.
      const source = join(dirname(path), entry.originalSource);
      return `${source}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
    },
  );
}
