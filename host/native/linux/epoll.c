#include <limits.h>
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

/* The array for the kernel to fill is on the stack up to this many events. */
#define STACK_EVENTS 1024

napi_value select_epoll_create1(napi_env env, napi_callback_info info) {
  int32_t flags = 0;
  if (!read_one(env, info, &flags)) return integer(env, -EINVAL);
  return result_of(env, epoll_create1(flags));
}

napi_value select_epoll_ctl(napi_env env, napi_callback_info info) {
  struct call* call = read_call(env, info, NULL, NULL);
  int epfd = (int) call->arguments[0], op = (int) call->arguments[1];
  uint32_t fd = call->arguments[2];
  struct epoll_event event = {.events = call->arguments[3], .data.u64 = fd};
  call->result = epoll_ctl(epfd, op, (int) fd, &event) < 0 ? -errno : 0;
  return NULL;
}

/* epoll_pwait2 is Linux 5.11. Older kernels say ENOSYS, some containers' filters EPERM, which
 * the call itself never does; either is remembered for the life of the process. */
static int wait_for(int epfd, struct epoll_event* events, int capacity, struct timespec* timeout) {
  static atomic_bool missing = false;
  bool fits_ms = timeout == NULL ||
                 (timeout->tv_nsec % 1000000 == 0 && timeout->tv_sec < INT32_MAX / 1000);
  if (!fits_ms && !missing) {
    /* Always 64-bit fields, whatever the C library's time_t. */
    struct {
      int64_t tv_sec;
      int64_t tv_nsec;
    } kernel_timeout = {timeout->tv_sec, timeout->tv_nsec};
    int ready = (int) syscall(SYS_epoll_pwait2, epfd, events, capacity, &kernel_timeout, NULL, 0);
    if (ready >= 0 || (errno != ENOSYS && errno != EPERM)) return ready;
    missing = true;
  }
  /* The C library's epoll_wait is a point where a thread can be cancelled, which makes a short
   * wait a tenth longer. A thread that runs JavaScript is never cancelled. */
#ifdef SYS_epoll_wait
  return (int) syscall(SYS_epoll_wait, epfd, events, capacity, whole_ms(timeout));
#else
  return (int) syscall(SYS_epoll_pwait, epfd, events, capacity, whole_ms(timeout), NULL, 0);
#endif
}

/* has_epoll_pwait2(): whether the kernel has the call and no filter forbids it. It looks at the descriptor
 * after that; epoll_wait's answer is the same, as both errors are remembered. */
napi_value select_has_epoll_pwait2(napi_env env, napi_callback_info info) {
  (void) info;
  struct epoll_event event;
  bool missing = syscall(SYS_epoll_pwait2, -1, &event, 1, NULL, NULL, 0) < 0 &&
                 (errno == ENOSYS || errno == EPERM);
  return integer(env, !missing);
}

napi_value select_epoll_wait(napi_env env, napi_callback_info info) {
  uint8_t* memory = NULL;
  size_t length = 0;
  uint8_t* ready = NULL;
  struct timespec storage;
  struct timespec* timeout = NULL;

  struct call* call = read_call(env, info, &memory, &length);
  uint32_t capacity = call->arguments[2];
  int failure = records_in(memory, length, call->arguments[1], capacity, ABI_READY_RECORD_SIZE,
                           &ready);
  if (failure == 0) failure = timespec_of(call->timeout_ms, &storage, &timeout);
  if (failure == 0 && capacity > INT_MAX / sizeof(struct epoll_event)) failure = -EINVAL;
  call->result = failure;
  if (failure != 0) return NULL;

  signal_rechain();
  struct epoll_event on_stack[STACK_EVENTS];
  struct epoll_event* events = on_stack;
  if (capacity > STACK_EVENTS) {
    events = malloc(capacity * sizeof(struct epoll_event));
    call->result = -ENOMEM;
    if (events == NULL) return NULL;
  }
  int count = wait_for((int) call->arguments[0], events, (int) capacity, timeout);
  call->result = count < 0 ? -errno : count;
  for (int i = 0; i < count; i++, ready += ABI_READY_RECORD_SIZE) {
    /* Copied as bytes: the address need not be aligned. */
    uint32_t record[2] = {events[i].data.u32, events[i].events};
    memcpy(ready, record, sizeof(record));
  }
  if (events != on_stack) free(events);
  return NULL;
}
