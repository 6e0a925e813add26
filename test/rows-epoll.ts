// Rows of the EPO group of the catalogue that no test here can run, and why.

export const NOT_RUN_EPOLL: Record<string, string> = {};
