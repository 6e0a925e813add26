// The part of node:os that tests use, in a browser: a machine without interfaces.

export const tmpdir = (): string => "/tmp";
export const release = (): string => "0.0.0";
export const networkInterfaces = (): Record<string, never> => ({});

/** Linux's numbers of signals. */
export const constants = { signals: { SIGUSR1: 10, SIGUSR2: 12 } };
