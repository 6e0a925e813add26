// The order of contestants in tables.

/** Those of the cases of WASI; the last two have no guest. */
export const WASI_CONTESTANTS = [
  "omnipoll in node:wasi",
  "node:wasi",
  "browser_wasi_shim",
  "@wasmer/wasi",
  "the host's poll",
  "Atomics.wait",
] as const;

/** Those of the cases of hosts. */
export const HOST_CONTESTANTS = ["linux", "posix", "standalone", "wasi", "sim:wasi"] as const;
