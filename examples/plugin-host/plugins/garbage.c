/* Passes pointers, lengths and descriptors that are none to everything that it may call. */

#include <stdint.h>
#include "say.h"

#define IMPORT(from, name) __attribute__((__import_module__(from), __import_name__(#name)))
#define WASI(name, ...) IMPORT("wasi_snapshot_preview1", name) int name(__VA_ARGS__)
#define OURS(name, ...) IMPORT("omnipoll", name) int name##_(__VA_ARGS__)
#define I int32_t

WASI(poll_oneoff, I, I, I, I);
WASI(fd_read, I, I, I, I);
WASI(fd_write, I, I, I, I);
WASI(fd_fdstat_get, I, I);
WASI(fd_filestat_get, I, I);
WASI(fd_prestat_get, I, I);
WASI(fd_prestat_dir_name, I, I, I);
WASI(path_open, I, I, I, I, I, int64_t, int64_t, I, I);
WASI(sock_recv, I, I, I, I, I, I);
WASI(sock_send, I, I, I, I, I);
WASI(sock_accept, I, I, I);
WASI(args_get, I, I);
WASI(environ_get, I, I);
WASI(clock_time_get, I, int64_t, I);
WASI(random_get, I, I);
OURS(epoll_ctl, I, I, I, I);
OURS(epoll_wait, I, I, I, I);
OURS(kevent, I, I, I, I, I, I);
OURS(timerfd_settime, I, I, I, I);
OURS(eventfd, I, I);
OURS(kqueue, void);
OURS(epoll_create1, I);

static const I wrong[] = {0, 1, 7, -1, -8, INT32_MIN, INT32_MAX, 0x00ffffff};
#define EACH(name) for (unsigned name = 0; name < sizeof(wrong) / sizeof(*wrong); name++)

static unsigned long calls, refused;

static void count(int result) {
  calls++;
  if (result != 0) refused++;
}

int main(void) {
  int ep = epoll_create1_(0), kq = kqueue_();
  eventfd_(-1, -1);
  EACH(i) EACH(j) {
    I a = wrong[i], b = wrong[j];
    count(poll_oneoff(a, b, b | 1, a));
    EACH(k) {
      I fd = wrong[k];
      count(fd_read(fd, a, b, a));
      count(fd_write(fd == 1 ? 99 : fd, a, b, a));
      count(fd_fdstat_get(fd, a));
      count(fd_filestat_get(fd, a));
      count(fd_prestat_get(fd, a));
      count(fd_prestat_dir_name(fd, a, b));
      count(path_open(fd, a, b, a, b, -1, -1, a, b));
      count(sock_recv(fd, a, b, a, b, a));
      count(sock_send(fd, a, b, a, b));
      count(sock_accept(fd, a, b));
      count(epoll_ctl_(ep, fd, a, b));
      count(epoll_wait_(ep, a, b, 0));
      count(kevent_(kq, a, b, b, a, fd | 1));
      count(timerfd_settime_(fd, a, b, a));
    }
  }
  /* What is written through these may be this program's own data; so they come last. */
  say_number(refused);
  say(" of ");
  say_number(calls);
  say(" calls refused\n");
  EACH(i) {
    clock_time_get(wrong[i], -1, -8);
    random_get(-8, wrong[i]);
    args_get(-8, wrong[i]);
    environ_get(wrong[i], -8);
  }
  return 0;
}
