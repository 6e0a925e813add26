/* The calls that host.c lacks: the table of imports never varies, and an absent call returns
 * -ENOSYS. A host on epoll, or with sources for kqueue's other filters, takes them out of here. */

/* The parameters are those of the table, whose functions have no use for them. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

#include <errno.h>

#include "core.h"

#define ABSENT(name, ...) \
  uint32_t IMPORT(name)(IMPORTS * host, __VA_ARGS__) { return (uint32_t) -ENOSYS; }
#define ABSENT_0(name) \
  uint32_t IMPORT(name)(IMPORTS * host) { return (uint32_t) -ENOSYS; }

/* The kernel's epoll, CAPABILITY_EPOLL. */
ABSENT(epoll_create1, uint32_t flags)
ABSENT(epoll_ctl, uint32_t epfd, uint32_t op, uint32_t fd, uint32_t mask)
ABSENT(epoll_wait, uint32_t epfd, uint32_t ready, uint32_t capacity, double timeout_ms)

/* The kernel's kqueue, CAPABILITY_KQUEUE. */
ABSENT_0(kqueue)
ABSENT(kevent, uint32_t kq, uint32_t changes, uint32_t nchanges, uint32_t events, uint32_t capacity,
       double timeout_ms)

/* Only a queue on a kernel with epoll replaces a descriptor. */
ABSENT(dup3, uint32_t oldfd, uint32_t newfd)

/* Posts of other threads: this program has one thread. */
ABSENT(post_open, uint32_t queue)
ABSENT(post_close, uint32_t queue)
ABSENT(post, uint32_t queue, uint32_t address)
ABSENT(post_take, uint32_t queue, uint32_t address, uint32_t capacity)

/* The sources of kqueue's filters for signals, processes, files and links, CAPABILITY_SOURCES. */
ABSENT_0(timerfd_create)
ABSENT(timerfd_settime, uint32_t fd, double deadline_ms)
ABSENT(pidfd_open, uint32_t pid)
ABSENT(proc_status, uint32_t pidfd, uint32_t pid)
ABSENT_0(proc_listen)
ABSENT_0(link_listen)
ABSENT(link_flags, uint32_t index)
ABSENT(netlink_read, uint32_t fd, uint32_t address, uint32_t length)
ABSENT(signal_open, uint32_t signal)
ABSENT(signal_close, uint32_t fd)
ABSENT_0(inotify_init)
ABSENT(inotify_add_watch, uint32_t inotify, uint32_t fd, uint32_t parent, uint32_t mask)
ABSENT(inotify_rm_watch, uint32_t inotify, uint32_t watch)
