// All exports of the standalone core: those of core.wasm, and one more. It imports nothing but functions of
// wasi_snapshot_preview1: asm/standalone/compile.mjs puts asm/standalone/host.ts in the place of asm/host.ts.

export * from "./index";
export { trustBytes } from "./standalone/bytes";
