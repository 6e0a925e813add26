// The part of node:url that tests use, in a browser: the files are the server's.

export const fileURLToPath = (url: string | URL): string => new URL(url).pathname;
