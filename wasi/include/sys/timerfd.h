/* timerfd for WASI guests: timerfd_create(2) of Linux, served by omnipoll's module of that name.
 *
 * The descriptor is one of the guest's: read, close, poll and fcntl(F_SETFL) take it. The clocks are
 * WASI's, CLOCK_REALTIME and CLOCK_MONOTONIC; others fail with EINVAL. An absolute time of
 * CLOCK_REALTIME is converted when the timer is set: setting that clock later does not move the
 * timer, and TFD_TIMER_CANCEL_ON_SET fails with ENOTSUP. */

#ifndef _SYS_TIMERFD_H
#define _SYS_TIMERFD_H

#include <fcntl.h>
#include <stdint.h>
#include <time.h>
#include <__typedef_clockid_t.h>

#include <omnipoll/import.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TFD_CLOEXEC 02000000
#define TFD_NONBLOCK 04000

#define TFD_TIMER_ABSTIME 1
#define TFD_TIMER_CANCEL_ON_SET (1 << 1)

struct itimerspec;

OMNIPOLL_IMPORT(timerfd_create) int __omnipoll_timerfd_create(int __clock, int __flags);
OMNIPOLL_IMPORT(timerfd_settime)
int __omnipoll_timerfd_settime(int __fd, int __flags, const struct itimerspec *__new_value,
                               struct itimerspec *__old_value);
OMNIPOLL_IMPORT(timerfd_gettime)
int __omnipoll_timerfd_gettime(int __fd, struct itimerspec *__curr_value);

/* A clock of WASI's <time.h> is a pointer; the module takes the number that WASI gives it. */
static __inline int timerfd_create(clockid_t __clockid, int __flags) {
  int __clock = __clockid == CLOCK_REALTIME ? 0 : __clockid == CLOCK_MONOTONIC ? 1 : -1;
  return omnipoll_result(__omnipoll_timerfd_create(__clock, __flags));
}

static __inline int timerfd_settime(int __fd, int __flags, const struct itimerspec *__new_value,
                                    struct itimerspec *__old_value) {
  return omnipoll_result(__omnipoll_timerfd_settime(__fd, __flags, __new_value, __old_value));
}

static __inline int timerfd_gettime(int __fd, struct itimerspec *__curr_value) {
  return omnipoll_result(__omnipoll_timerfd_gettime(__fd, __curr_value));
}

#ifdef __cplusplus
}
#endif

#endif
