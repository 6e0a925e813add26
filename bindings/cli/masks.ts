// Event masks in words: the names of the bits, and their meaning for a reader.

import { POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT, POLLPRI, POLLRDHUP } from "../constants.ts";

/** The bits that a wait reports. Those of poll and epoll have the same values. */
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

/** The APIs. The results of select and kqueue are translated to masks here. */
export const APIS = ["select", "poll", "epoll", "kqueue", "devpoll"] as const;
export type Api = (typeof APIS)[number];

/** The names of the bits in each API. */
const NAMES: Record<Api, (bit: string) => string> = {
  select: (bit) => LISTS[bit] ?? bit,
  poll: (bit) => `POLL${bit}`,
  epoll: (bit) => `EPOLL${bit}`,
  kqueue: (bit) => KEVENTS[bit] ?? bit,
  devpoll: (bit) => `POLL${bit}`,
};

/** Returns the names of the bits of `mask` in `api`: EPOLLIN, POLLIN, or the list of select(). */
export function namesOf(api: Api, mask: number): string[] {
  return BITS.filter(([bit]) => (mask & bit) !== 0).map(([, name]) => NAMES[api](name));
}

/** Returns the meaning of `mask`, e.g. "readable, hung up". */
export function wordsOf(mask: number): string {
  return BITS.filter(([bit]) => (mask & bit) !== 0)
    .map(([, , words]) => words)
    .join(", ");
}
