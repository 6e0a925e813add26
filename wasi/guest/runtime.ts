// The functions of the runtime that a guest's table stands over.

import { WASI_BADF, WASI_NOTSUP } from "../errno.ts";
import type { GuestMemory } from "./memory.ts";
import { FDSTAT_SIZE, FDSTAT_TYPE } from "./preview1.ts";

/** What the calls that the runtime has, and the table has not, are called for. */
export interface Runtime {
  /** Calls the runtime's own function; BADF if it has none. */
  call(name: string, ...given: unknown[]): number;
}

/** The arguments that are descriptors, of calls that have another one than the first. */
const DESCRIPTORS: Record<string, readonly number[]> = {
  fd_renumber: [0, 1],
  path_link: [0, 4],
  path_rename: [0, 3],
  path_symlink: [2],
};

/** The descriptors among the arguments of a call. */
export function descriptorsOf(name: string, given: readonly unknown[]): number[] {
  return (DESCRIPTORS[name] ?? [0]).map((i) => (given[i] as number) >>> 0);
}

/**
 * The runtime's own functions.
 *
 * @param isCovered whether a number is or was the guest's, so that the runtime's descriptor is out of reach
 */
export function runtimeOf(
  under: Readonly<Record<string, unknown>>,
  memory: GuestMemory,
  isCovered: (fd: number) => boolean,
) {
  /** Whether the runtime has the descriptor. It answers into the last bytes of the memory, which are put back. */
  function has(fd: number): boolean {
    const stat = under["fd_fdstat_get"] as ((fd: number, to: number) => number) | undefined;
    const { buffer, byteLength } = memory.view();
    const to = byteLength - FDSTAT_SIZE;
    if (stat === undefined || to < 0) return false;
    const scratch = new Uint8Array(buffer, to, FDSTAT_SIZE);
    const before = scratch.slice();
    try {
      return stat(fd, to) === 0 && scratch[FDSTAT_TYPE] !== undefined;
    } catch {
      // The runtime does not know its guest yet (node:wasi before start).
      return false;
    } finally {
      scratch.set(before);
    }
  }

  const runtime: Runtime = {
    call(name, ...given) {
      if (descriptorsOf(name, given).some(isCovered)) return WASI_BADF;
      const call = under[name] as ((...given: unknown[]) => number) | undefined;
      if (call !== undefined) return call(...given);
      return name.startsWith("path_") || has(given[0] as number) ? WASI_NOTSUP : WASI_BADF;
    },
  };
  return { has, runtime };
}
