// Rows of the conformance catalogue, group EPO, without a test, and those where omnipoll answers
// in JavaScript's way. The others are tests in test/epoll, named by their id.

/** Why a row cannot be run. */
export const NOT_RUN_EPOLL: Record<string, string> = {
  "EPO-021": "raw epoll_create(2): omnipoll makes epolls with epoll_create1 only",
  "EPO-044": "a NULL event: no pointer is ever passed on, the event is a copy on C's stack",
  "EPO-046": "64 bits of user data: the data is the descriptor, as in Python",
  "EPO-050": "max_user_watches is a setting of the whole system, which only root can lower",
  "EPO-068": "a NULL buffer: addresses outside the core's memory never reach the kernel",
  "EPO-072": "epoll_pwait with a signal mask: neither omnipoll nor Python has it",
  "EPO-098": "timerfd: omnipoll/os makes no timerfd, and a timerfd cannot be opened through /proc",
};

/** How the answer of omnipoll differs from the row, and why. */
export const DIFFERENCES_EPOLL: Record<string, string> = {
  "EPO-007": "`type(ep)()`: the class has no public constructor, `epoll()` is the way",
  "EPO-019": "assigning to `closed` is JavaScript's TypeError, not Python's AttributeError",
  "EPO-020": "`using` and Symbol.dispose take the place of `with`, and have no arguments",
  "EPO-064": "maxevents of 2**31 - 1 is EINVAL as well: no buffer of that size is tried",
  "EPO-101": "the slave half only: the master cannot be opened, unlocking it takes an ioctl",
  "EPO-160": "JavaScript's signal handlers run after the call, so no handler can throw through it",
};
