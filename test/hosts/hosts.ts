// The hosts that the suite runs on: the columns of its matrix.

/** This machine's own host, as a program without OMNIPOLL_HOST gets it. */
export const NATIVE = "native";

/** Hosts besides this machine's own. */
export const OTHER_HOSTS = [
  "sim:linux",
  "sim:bsd",
  "posix",
  "sim:posix",
  "sim:wasi",
  "wasi",
  "standalone",
  "page",
  "worker",
  "worker:real",
] as const;

export type OtherHost = (typeof OTHER_HOSTS)[number];
export type HostName = typeof NATIVE | OtherHost;

/** All hosts, in the order of the matrix. */
export const HOSTS: readonly HostName[] = [NATIVE, ...OTHER_HOSTS];

/** The simulated Linux in a browser: on the thread of a page, and in a worker. */
export const BROWSERS: readonly OtherHost[] = ["page", "worker"];

/** The host whose skips are those of `host`, and whether `host` differs from it in its clock alone. */
export function clockless(host: OtherHost): { base: OtherHost; isReal: boolean } {
  return host === "worker:real" ? { base: "worker", isReal: true } : { base: host, isReal: false };
}

/** Whether a host is in a browser. */
export function isInBrowser(host: HostName): boolean {
  return host !== NATIVE && BROWSERS.includes(clockless(host).base);
}
