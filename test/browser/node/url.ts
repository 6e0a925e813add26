// What tests use of node:url, in a browser: files are what the server has.

export const fileURLToPath = (url: string | URL): string => new URL(url).pathname;
