/* The calls of Linux: epoll, the sources, posts, asynchronous reads and writes, and the calls of
 * omnipoll/os that only Linux has. */

#ifndef OMNIPOLL_LINUX_CALLS_H
#define OMNIPOLL_LINUX_CALLS_H

#define LINUX_CALLS(CALL, BLOCK)                                                                \
  CALL(epoll_create1) BLOCK(epoll_ctl) BLOCK(epoll_wait)                                        \
  CALL(fd_stat) BLOCK(fd_data)                                                                  \
  CALL(eventfd) CALL(timerfd_create) CALL(timerfd_settime)                                      \
  CALL(pidfd_open) CALL(proc_status) CALL(proc_listen)                                          \
  CALL(link_listen) CALL(link_flags) CALL(netlink_read)                                         \
  CALL(signal_open) CALL(signal_close) CALL(signal_rechain)                                     \
  CALL(inotify_init) CALL(inotify_add_watch) CALL(inotify_rm_watch)                             \
  CALL(post_open) CALL(post_close) CALL(post) CALL(post_take)                                   \
  CALL(aio_read) CALL(aio_write)                                                                \
  CALL(watch) CALL(unwatch) CALL(has_epoll_pwait2)

#endif
