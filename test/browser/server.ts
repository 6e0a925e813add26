// A web server on the loopback interface for the tree of the package.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".mjs": "text/javascript; charset=utf-8",
  ".wasm": "application/wasm",
};

const BLANK = "<!doctype html><title>omnipoll</title><link rel='icon' href='data:,'>";

/** Options of a server. */
export interface ServeOptions {
  /** The folder of the tree; by default that of the package. */
  readonly folder?: string;
  /** Contents of more files, by path. */
  readonly extra?: ReadonlyMap<string, string>;
  /** Whether its pages are cross-origin isolated, and may share memory with their workers. */
  readonly isIsolated?: boolean;
}

/** The content at `path`; undefined without a file. */
function find(path: string, options: ServeOptions): Buffer | string | undefined {
  const { folder = root, extra } = options;
  const given = extra?.get(path);
  if (given !== undefined) return given;
  if (path === "/") return BLANK;
  try {
    return readFileSync(join(folder, path));
  } catch {
    return undefined;
  }
}

/** The server, once it listens. */
export interface TreeServer {
  /** The beginning of the addresses of all files. */
  readonly origin: string;
  /** Requested paths without a file. */
  readonly missing: string[];
  close(): void;
}

/** Serves a tree, by default cross-origin isolated. */
export async function serveTree(options: ServeOptions = {}): Promise<TreeServer> {
  const missing: string[] = [];
  // The next server has another port, and so no entry in the cache.
  const headers: Record<string, string> = { "Cache-Control": "max-age=600" };
  if (options.isIsolated ?? true) {
    headers["Cross-Origin-Opener-Policy"] = "same-origin";
    headers["Cross-Origin-Embedder-Policy"] = "require-corp";
  }
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url ?? "/", "http://x").pathname));
    const content = find(path, options);
    if (content === undefined) missing.push(path);
    const type = TYPES[extname(path)] ?? "text/html; charset=utf-8";
    response.writeHead(content === undefined ? 404 : 200, { ...headers, "Content-Type": type });
    response.end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    missing,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
