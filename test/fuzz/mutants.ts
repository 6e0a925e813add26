// Bugs planted in copies of the simulated kernel, which the fuzzer must find.

import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";

/** A bug: text of a compiled file of host/sim, and the text that replaces it. */
export interface Mutant {
  readonly name: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** A seed whose first hundred programs find the bug: others may need two thousand. */
  readonly seed: number;
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: "the oldest registration is woken first, not the newest",
    file: "wait/epoll",
    from: "queue.add(entry);\n            item",
    to: "queue.append(entry);\n            item",
    seed: 8,
  },
  {
    name: "a one-shot registration that has reported still waits for HUP and ERR",
    file: "wait/epoll",
    from: "item.mask &= PRIVATE;",
    to: "item.mask &= PRIVATE | ALWAYS;",
    seed: 21,
  },
  {
    name: "every wake-up is an edge, also without a bit of the mask",
    file: "wait/epoll",
    from: "(key !== 0 && (key & this.mask) === 0)",
    to: "false",
    seed: 8,
  },
  {
    name: "modifying a registration that is ready makes no edge",
    file: "wait/epoll",
    from: "item.mask = mask | ALWAYS;\n        this.#listIfReady(item);",
    to: "item.mask = mask | ALWAYS;",
    seed: 10,
  },
  {
    name: "a pipe counts bytes, not pages",
    file: "fs/pipe",
    from: "get isFull() {\n        return this.slots.length >= this.capacity;",
    to: "get isFull() {\n        return this.size >= this.capacity * PAGE;",
    seed: 2,
  },
  {
    name: "a shutdown does not wake the waiters of the peer",
    file: "net/unix",
    from: "peer.shut |= SHUT_RECEIVE;\n            peer.changed();",
    to: "peer.shut |= SHUT_RECEIVE;",
    seed: 9,
  },
];

const DIST = new URL("../../", import.meta.url);

/** Copies the compiled project and plants the bug in the copy; returns the folder of its tests. */
export function plant(mutant: Mutant): URL {
  const name = mutant.name.replaceAll(/[^a-z]+/g, "-");
  const root = new URL(`../build/mutants/${name}/`, DIST);
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root, { recursive: true });
  for (const folder of ["asm", "bindings", "host", "test", "wasi"]) {
    cpSync(new URL(folder, DIST), new URL(`dist/${folder}`, root), { recursive: true });
  }
  mkdirSync(new URL("build", root));
  symlinkSync(fileURLToPath(new URL("../build/core.wasm", DIST)), new URL("build/core.wasm", root));
  const path = new URL(`dist/host/sim/${mutant.file}.js`, root);
  const text = readFileSync(path, "utf8");
  const planted = text.replace(mutant.from, () => mutant.to);
  if (planted === text) throw new Error(`no place for "${mutant.name}" in ${mutant.file}`);
  writeFileSync(path, planted);
  return pathToFileURL(`${fileURLToPath(root)}dist/test/`);
}
