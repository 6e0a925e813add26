// A web server on the loopback interface for the tree of the package: as it is, or for tests that were
// written for Node, with their imports replaced by modules that a browser can load.

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

/** Entry points for Node, which tests import, and the same ones for a browser. */
const REPLACED: Record<string, string> = {
  "/dist/bindings/node/select.js": "../browser/select.js",
  "/dist/bindings/node/os.js": "../../test/browser/os-with-buffers.js",
  "/dist/bindings/node/host.js": "../browser/host.js",
  "/dist/bindings/node/sim.js": "../browser/sim.js",
};

/** The address of a module that is imported without a path. */
function urlOf(specifier: string): string {
  if (specifier.startsWith("node:")) {
    const name = specifier.slice("node:".length).replaceAll(/[/_]/g, "-");
    return `/dist/test/browser/node/${name}.js`;
  }
  return `/${fileURLToPath(import.meta.resolve(specifier)).slice(root.length)}`;
}

const BARE = /(\bfrom\s*|\bimport\s*\(?\s*)(["'])([\w@][\w@./:-]*)\2/g;

/** The source of a module, its imports as addresses. */
function resolved(source: string): string {
  return source.replaceAll(BARE, (_all, before: string, _quote, specifier: string) => {
    return `${before}"${urlOf(specifier)}"`;
  });
}

const BLANK = "<!doctype html><title>omnipoll</title><link rel='icon' href='data:,'>";

/** Options of a server. */
export interface ServeOptions {
  /** The folder of the tree; by default that of the package. */
  readonly folder?: string;
  /** Contents of more files, by path. */
  readonly extra?: ReadonlyMap<string, string>;
  /** Whether the modules of Node and of packages that tests import are replaced. */
  readonly replaces?: boolean;
  /** Whether its pages are cross-origin isolated, and may share memory with their workers. */
  readonly isIsolated?: boolean;
}

/** The content at `path`; undefined without a file. */
function find(path: string, options: ServeOptions): Buffer | string | undefined {
  const { folder = root, extra, replaces = false } = options;
  const given = extra?.get(path);
  if (given !== undefined) return given;
  if (path === "/") return BLANK;
  const replaced = replaces ? REPLACED[path] : undefined;
  if (replaced !== undefined) return `export * from "${replaced}";`;
  try {
    const content = readFileSync(join(folder, path));
    return replaces && /\.m?js$/.test(path) ? resolved(content.toString()) : content;
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
