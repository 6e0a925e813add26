// node:module in a browser: there is nothing to require, and so no addon.

export const createRequire = () => (path: string) => {
  throw Object.assign(new Error(`Cannot find module '${path}'`), { code: "MODULE_NOT_FOUND" });
};
