// What the page of `omnipoll` documents.
export * from "../../bindings/node/select.ts";
