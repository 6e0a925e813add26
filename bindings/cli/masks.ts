// Event masks in words: the names of the bits, and what they say to a reader.

import { POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT, POLLPRI, POLLRDHUP } from "../constants.ts";

/** The bits a wait reports, by name. poll's and epoll's have the same values. */
const BITS: readonly (readonly [bit: number, name: string, words: string])[] = [
  [POLLIN, "IN", "readable"],
  [POLLPRI, "PRI", "urgent data"],
  [POLLOUT, "OUT", "writable"],
  [POLLERR, "ERR", "error"],
  [POLLHUP, "HUP", "hung up"],
  [POLLNVAL, "NVAL", "not open"],
  [POLLRDHUP, "RDHUP", "peer stopped writing"],
];

/** The lists of select() that a mask stands for. */
const LISTS: Record<string, string> = { IN: "rlist", OUT: "wlist", PRI: "xlist" };

/** The filters and the flag of kqueue that a mask stands for. */
const KEVENTS: Record<string, string> = {
  IN: "KQ_FILTER_READ",
  OUT: "KQ_FILTER_WRITE",
  HUP: "KQ_EV_EOF",
};

/** The APIs, which report masks, or what is said in masks here. */
export const APIS = ["select", "poll", "epoll", "kqueue", "devpoll"] as const;
export type Api = (typeof APIS)[number];

/** What the bits of a mask are called by each API. */
const NAMES: Record<Api, (bit: string) => string> = {
  select: (bit) => LISTS[bit] ?? bit,
  poll: (bit) => `POLL${bit}`,
  epoll: (bit) => `EPOLL${bit}`,
  kqueue: (bit) => KEVENTS[bit] ?? bit,
  devpoll: (bit) => `POLL${bit}`,
};

/** Names of the bits of `mask`, as `api` has them: EPOLLIN, POLLIN, or the list of select(). */
export function namesOf(api: Api, mask: number): string[] {
  return BITS.filter(([bit]) => (mask & bit) !== 0).map(([, name]) => NAMES[api](name));
}

/** What `mask` says, e.g. "readable, hung up". */
export function wordsOf(mask: number): string {
  return BITS.filter(([bit]) => (mask & bit) !== 0)
    .map(([, , words]) => words)
    .join(", ");
}
