// What the page of `omnipoll/wasi` documents.
export * from "../../bindings/node/wasi.ts";
