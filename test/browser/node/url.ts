// The part of node:url that tests use, in a browser: a path is a path of the server.

export const fileURLToPath = (url: string | URL): string => new URL(url).pathname;
