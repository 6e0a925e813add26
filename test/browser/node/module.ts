// node:module in a browser: require finds no module, and so no addon.

export const createRequire = () => (path: string) => {
  throw Object.assign(new Error(`Cannot find module '${path}'`), { code: "MODULE_NOT_FOUND" });
};
