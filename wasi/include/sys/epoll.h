/* epoll for WASI guests: epoll(7) of Linux, served by omnipoll's module of that name.
 *
 * The numbers and the semantics are Linux's. Three things differ, because WASI differs:
 *   - struct epoll_event is not packed: 16 bytes, with `data` at 8. Linux packs it on x86-64 alone.
 *   - errno has WASI's numbers: compare with EEXIST, not with 17.
 *   - epoll_pwait and epoll_pwait2 take no signal mask: WASI has no signals. With a mask they fail
 *     with ENOTSUP.
 * POLLIN of WASI's <poll.h> is EPOLLIN, but other masks of poll() and epoll have other numbers. */

#ifndef _SYS_EPOLL_H
#define _SYS_EPOLL_H

#include <fcntl.h>
#include <stdint.h>
#include <time.h>
#include <__typedef_sigset_t.h>

#include <omnipoll/import.h>

#ifdef __cplusplus
extern "C" {
#endif

#define EPOLL_CLOEXEC 02000000

#define EPOLLIN 0x001
#define EPOLLPRI 0x002
#define EPOLLOUT 0x004
#define EPOLLERR 0x008
#define EPOLLHUP 0x010
#define EPOLLRDNORM 0x040
#define EPOLLRDBAND 0x080
#define EPOLLWRNORM 0x100
#define EPOLLWRBAND 0x200
#define EPOLLMSG 0x400
#define EPOLLRDHUP 0x2000
#define EPOLLEXCLUSIVE (1U << 28)
#define EPOLLWAKEUP (1U << 29)
#define EPOLLONESHOT (1U << 30)
#define EPOLLET (1U << 31)

#define EPOLL_CTL_ADD 1
#define EPOLL_CTL_DEL 2
#define EPOLL_CTL_MOD 3

typedef union epoll_data {
  void *ptr;
  int fd;
  uint32_t u32;
  uint64_t u64;
} epoll_data_t;

struct epoll_event {
  uint32_t events;
  epoll_data_t data;
};

OMNIPOLL_IMPORT(epoll_create1) int __omnipoll_epoll_create1(int __flags);
OMNIPOLL_IMPORT(epoll_ctl)
int __omnipoll_epoll_ctl(int __epfd, int __op, int __fd, struct epoll_event *__event);
OMNIPOLL_IMPORT(epoll_wait)
int __omnipoll_epoll_wait(int __epfd, struct epoll_event *__events, int __maxevents, int __timeout);
OMNIPOLL_IMPORT(epoll_pwait2)
int __omnipoll_epoll_pwait2(int __epfd, struct epoll_event *__events, int __maxevents,
                            const struct timespec *__timeout);

static __inline int epoll_create1(int __flags) {
  return omnipoll_result(__omnipoll_epoll_create1(__flags));
}

static __inline int epoll_create(int __size) {
  if (__size <= 0) return omnipoll_result(-EINVAL);
  return epoll_create1(0);
}

static __inline int epoll_ctl(int __epfd, int __op, int __fd, struct epoll_event *__event) {
  return omnipoll_result(__omnipoll_epoll_ctl(__epfd, __op, __fd, __event));
}

static __inline int epoll_wait(int __epfd, struct epoll_event *__events, int __maxevents,
                               int __timeout) {
  return omnipoll_result(__omnipoll_epoll_wait(__epfd, __events, __maxevents, __timeout));
}

static __inline int epoll_pwait(int __epfd, struct epoll_event *__events, int __maxevents,
                                int __timeout, const sigset_t *__sigmask) {
  if (__sigmask != 0) return omnipoll_result(-ENOTSUP);
  return epoll_wait(__epfd, __events, __maxevents, __timeout);
}

static __inline int epoll_pwait2(int __epfd, struct epoll_event *__events, int __maxevents,
                                 const struct timespec *__timeout, const sigset_t *__sigmask) {
  if (__sigmask != 0) return omnipoll_result(-ENOTSUP);
  return omnipoll_result(__omnipoll_epoll_pwait2(__epfd, __events, __maxevents, __timeout));
}

#ifdef __cplusplus
}
#endif

#endif
