// Rows KQ-002 to KQ-102, KQ-187 to KQ-220, DEV and EMU of the catalogue: rows without a test, and rows whose
// outcome in omnipoll is another one. kqueue-filters.ts has the rows of the filters of descriptors, processes,
// signals and links.

/** Rows without a test, and the reasons. */
export const NOT_RUN_KQUEUE: Record<string, string> = {
  "DEV-33": "raw writes to /dev/poll; omnipoll has no limit of registrations",
  "DEV-34": "Node cannot fork without exec",
  "DEV-36": "DP_ISPOLLED is an ioctl, for which Python's object has no method",
  "DEV-42": "DevpollSelector belongs to the module selectors, which omnipoll does not have yet",
  "EMU-20": "Windows only",
  "KQ-026": "Node cannot fork without exec",
  "KQ-054": "raw kevent(2): control() makes no timespec that is invalid",
};

/** Rows whose outcome in omnipoll is another one, and the reasons. */
export const DIFFERENCES_KQUEUE: Record<string, string> = {
  "DEV-02": "pollInto, the promises and Symbol.dispose are beyond Python",
  "DEV-23": "a pipe of Linux has one direction",
  "DEV-32": "a number above the descriptor table is POLLNVAL, as any number that is not open",
  "DEV-37": "the object's descriptor is an empty epoll, which is never ready",
  "DEV-40": "the bits are Linux's: 0x1000 is POLLREMOVE, and there is no POLLONESHOT or POLLET",
  "EMU-15":
    "urgent data does not wake an epoll around this one: kqueue has no filter for urgent data",
  "EMU-17": "a pipe is writable by the rule of the host's kernel, which need not be Linux's",
  "KQ-025": "`using` and Symbol.dispose take the place of `with`",
  "KQ-081":
    "epoll drops an event that no longer holds, so READ and WRITE are tested again, as on macOS",
  "KQ-215": "the row is libkqueue's: FreeBSD tests the flags of the change only",
  "KQ-217": "masks are Linux's",
  "KQ-220": "EINVAL, as Linux answers for an epoll",
};
