// Rows KQ-002 to KQ-102 and KQ-187 to KQ-220, DEV and EMU of the catalogue that no test here can
// run; and those to which the answer here is deliberately another one. The filters that are about
// descriptors, processes, signals and links have kqueue-filters.ts.

export const NOT_RUN_KQUEUE: Record<string, string> = {
  "DEV-33": "raw writes to /dev/poll; here nothing limits how many descriptors are registered",
  "DEV-34": "Node cannot fork without exec",
  "DEV-36": "DP_ISPOLLED is an ioctl, for which Python's object has no method",
  "DEV-42": "DevpollSelector is one of the selectors, which are to come",
  "EMU-20": "Windows only",
  "KQ-026": "Node cannot fork without exec",
  "KQ-054": "raw kevent(2): control() makes no timespec that is invalid",
};

/** The tests hold these to ours. */
export const DIFFERENCES_KQUEUE: Record<string, string> = {
  "DEV-02": "pollInto, the promises and Symbol.dispose are beyond Python",
  "DEV-23": "pipes go one way on Linux",
  "DEV-32": "a number above the descriptor table is POLLNVAL like any that is not open",
  "DEV-37": "the object's descriptor is an empty epoll set, of which nothing is ever reported",
  "DEV-40": "the bits are Linux's: 0x1000 is POLLREMOVE, and there is no POLLONESHOT or POLLET",
  "EMU-15": "urgent data does not wake an epoll around this one: kqueue has no filter for it",
  "EMU-17": "a pipe is writable when the host says so, which may be by another rule than Linux's",
  "KQ-025": "`using` and Symbol.dispose take the place of `with`",
  "KQ-081": "the kernel drops a state that is over, so READ and WRITE are tested, as on macOS",
  "KQ-215": "the row is libkqueue's: FreeBSD checks the flags of the change only",
  "KQ-217": "masks are Linux's",
  "KQ-220": "EINVAL, as Linux says of an epoll set",
};
