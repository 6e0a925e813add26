#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "addon.h"

/* The core lays out poll records as `struct pollfd`, so the kernel reads and writes the
 * core's memory directly. If one of these fails, this platform needs a copying host. */
_Static_assert(sizeof(struct pollfd) == ABI_POLL_RECORD_SIZE, "pollfd size");
_Static_assert(offsetof(struct pollfd, fd) == ABI_POLL_RECORD_FD, "pollfd.fd");
_Static_assert(offsetof(struct pollfd, events) == ABI_POLL_RECORD_WANT, "pollfd.events");
_Static_assert(offsetof(struct pollfd, revents) == ABI_POLL_RECORD_READY, "pollfd.revents");
_Static_assert(POLLIN == ABI_EVENT_IN && POLLPRI == ABI_EVENT_PRI && POLLOUT == ABI_EVENT_OUT, "poll bits");
_Static_assert(POLLERR == ABI_EVENT_ERR && POLLHUP == ABI_EVENT_HUP && POLLNVAL == ABI_EVENT_NVAL, "poll bits");
_Static_assert(POLLRDNORM == ABI_EVENT_RDNORM && POLLRDBAND == ABI_EVENT_RDBAND, "poll bits");
_Static_assert(POLLWRNORM == ABI_EVENT_WRNORM && POLLWRBAND == ABI_EVENT_WRBAND, "poll bits");
_Static_assert(POLLRDHUP == ABI_EVENT_RDHUP, "poll bits");

/* Called without the C library for the reason in epoll.c. A 32-bit kernel has one call for 32 and
 * one for 64 bits of time; the C library knows which its timespec is. */
static int wait_for(struct pollfd* records, nfds_t count, struct timespec* timeout) {
#if defined(SYS_ppoll) && !defined(SYS_ppoll_time64)
  return (int) syscall(SYS_ppoll, records, count, timeout, NULL, 0);
#else
  return ppoll(records, count, timeout, NULL);
#endif
}

/* Returns EINTR as it is: only the core knows the deadline to resume with. */
napi_value select_poll(napi_env env, napi_callback_info info) {
  uint8_t* memory = NULL;
  size_t length = 0;
  uint8_t* records = NULL;
  struct timespec storage;
  struct timespec* timeout = NULL;

  struct call* call = read_call(env, info, &memory, &length);
  uint32_t count = call->arguments[1];
  int failure = records_in(memory, length, call->arguments[0], count, ABI_POLL_RECORD_SIZE,
                           &records);
  if (failure == 0) failure = timespec_of(call->timeout_ms, &storage, &timeout);
  call->result = failure;
  if (failure != 0) return NULL;
  int ready = wait_for((struct pollfd*) records, count, timeout);
  call->result = ready < 0 ? -errno : ready;
  return NULL;
}
