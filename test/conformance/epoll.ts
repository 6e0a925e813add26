// Rows of group EPO of the conformance catalogue that have no test, and rows whose outcome in omnipoll is another
// one. The other rows are tests in test/epoll, whose names begin with the number.

/** Rows without a test, and the reasons. */
export const NOT_RUN_EPOLL: Record<string, string> = {
  "EPO-021": "raw epoll_create(2): omnipoll makes epolls with epoll_create1 only",
  "EPO-044": "a NULL event: the addon passes a copy on its stack, and no pointer of the program",
  "EPO-046": "64 bits of user data: the data is the descriptor, as in Python",
  "EPO-050": "max_user_watches is a setting of the whole system, which needs root",
  "EPO-068": "a NULL buffer: no address outside the core's memory reaches the kernel",
  "EPO-072": "epoll_pwait with a signal mask: neither omnipoll nor Python has it",
  "EPO-098": "timerfd: omnipoll/os has no call for it, and /proc cannot open one",
};

/** Rows whose outcome in omnipoll is another one, and the reasons. */
export const DIFFERENCES_EPOLL: Record<string, string> = {
  "EPO-007": "`type(ep)()`: the class has no public constructor, `epoll()` is the way",
  "EPO-019": "assigning to `closed` is JavaScript's TypeError, not Python's AttributeError",
  "EPO-020": "`using` and Symbol.dispose take the place of `with`, and have no arguments",
  "EPO-064": "maxevents of 2**31 - 1 is EINVAL as well: omnipoll allocates no buffer of that size",
  "EPO-101": "the slave half only: opening the master takes an ioctl that unlocks it",
  "EPO-160": "JavaScript's signal handlers run after the call, so they cannot throw out of it",
};
