#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sources.h"

_Static_assert(EPOLLIN == ABI_EVENT_IN && EPOLLOUT == ABI_EVENT_OUT && EPOLLPRI == ABI_EVENT_PRI, "bits");
_Static_assert(EPOLLERR == ABI_EVENT_ERR && EPOLLHUP == ABI_EVENT_HUP, "bits");
_Static_assert(EPOLLRDHUP == ABI_EVENT_RDHUP && EPOLLONESHOT == ABI_EVENT_ONESHOT, "bits");
_Static_assert((uint32_t) EPOLLET == ABI_EVENT_ET && EPOLLEXCLUSIVE == ABI_EVENT_EXCLUSIVE, "bits");
_Static_assert(EPOLLWAKEUP == ABI_EVENT_WAKEUP && EPOLLRDNORM == ABI_EVENT_RDNORM, "bits");
_Static_assert(EPOLL_CTL_ADD == ABI_EPOLL_CTL_ADD && EPOLL_CTL_MOD == ABI_EPOLL_CTL_MOD, "ops");
_Static_assert(EPOLL_CTL_DEL == ABI_EPOLL_CTL_DEL, "ops");
_Static_assert(EPOLL_CLOEXEC == ABI_EPOLL_CLOEXEC, "flags");

#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441
#endif

_Static_assert(ABI_READY_RECORD_SIZE == 8 && ABI_READY_RECORD_FD == 0, "ready record");
_Static_assert(ABI_READY_RECORD_MASK == 4, "ready record");

/* What the kernel is given to fill, on the stack up to this many events. */
#define STACK_EVENTS 1024

napi_value select_epoll_create1(napi_env env, napi_callback_info info) {
  napi_value argv[1];
  int32_t flags = 0;
  if (!read_arguments(env, info, 1, argv) || !read_i32(env, argv[0], &flags)) {
    return integer(env, -EINVAL);
  }
  return result_of(env, epoll_create1(flags));
}

/* epoll_ctl(epfd, op, fd, mask) */
napi_value select_epoll_ctl(napi_env env, napi_callback_info info) {
  napi_value argv[4];
  int32_t epfd = 0, op = 0, fd = 0;
  struct epoll_event event = {0};
  uint32_t mask = 0;

  if (!read_arguments(env, info, 4, argv) || !read_i32(env, argv[0], &epfd) ||
      !read_i32(env, argv[1], &op) || !read_i32(env, argv[2], &fd) ||
      !read_u32(env, argv[3], &mask)) {
    return integer(env, -EINVAL);
  }
  event.events = mask;
  event.data.u64 = (uint32_t) fd;
  return result_of(env, epoll_ctl(epfd, op, fd, &event));
}

/* A whole number of milliseconds for kernels without nanoseconds, rounded up. */
static int whole_ms(const struct timespec* timeout) {
  if (timeout == NULL) return -1;
  if (timeout->tv_sec >= INT32_MAX / 1000) return INT32_MAX;
  return (int) (timeout->tv_sec * 1000 + (timeout->tv_nsec + 999999) / 1000000);
}

/* epoll_pwait2 is Linux 5.11. Older kernels say ENOSYS, some containers' filters EPERM, which
 * the call itself never does; either is remembered for the life of the process. */
static int wait_for(int epfd, struct epoll_event* events, int capacity, struct timespec* timeout) {
  static atomic_bool missing = false;
  if (timeout != NULL && timeout->tv_nsec % 1000000 != 0 && !missing) {
    /* Always 64-bit fields, whatever the C library's time_t. */
    struct {
      int64_t tv_sec;
      int64_t tv_nsec;
    } kernel_timeout = {timeout->tv_sec, timeout->tv_nsec};
    int ready = (int) syscall(SYS_epoll_pwait2, epfd, events, capacity, &kernel_timeout, NULL, 0);
    if (ready >= 0 || (errno != ENOSYS && errno != EPERM)) return ready;
    missing = true;
  }
  return epoll_wait(epfd, events, capacity, whole_ms(timeout));
}

/* epoll_wait(memory, epfd, ready, capacity, timeoutMs) */
napi_value select_epoll_wait(napi_env env, napi_callback_info info) {
  napi_value argv[5];
  int32_t epfd = 0;
  uint8_t* ready = NULL;
  uint32_t capacity = 0;
  struct timespec storage;
  struct timespec* timeout = NULL;

  if (!read_arguments(env, info, 5, argv) || !read_i32(env, argv[1], &epfd)) {
    return integer(env, -EINVAL);
  }
  int failure = read_records(env, argv[0], argv[2], argv[3], ABI_READY_RECORD_SIZE, &ready, &capacity);
  if (failure == 0) failure = read_timeout(env, argv[4], &storage, &timeout);
  if (failure != 0) return integer(env, failure);

  signal_rechain();
  struct epoll_event on_stack[STACK_EVENTS];
  struct epoll_event* events = on_stack;
  if (capacity > STACK_EVENTS) {
    events = malloc(capacity * sizeof(struct epoll_event));
    if (events == NULL) return integer(env, -ENOMEM);
  }
  int count = wait_for(epfd, events, (int) capacity, timeout);
  int64_t result = count < 0 ? -errno : count;
  for (int i = 0; i < count; i++, ready += ABI_READY_RECORD_SIZE) {
    /* Copied as bytes: nothing says that the address is aligned. */
    uint32_t record[2] = {events[i].data.u32, events[i].events};
    memcpy(ready, record, sizeof(record));
  }
  if (events != on_stack) free(events);
  return integer(env, result);
}
