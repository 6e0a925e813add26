// What the page of `omnipoll/host` documents.
export * from "../../bindings/node/host.ts";
