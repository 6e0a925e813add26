#include <poll.h>

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

/* poll(memory, records, count, timeoutMs). EINTR is returned as it is, because only the core
 * knows the deadline to resume with. */
napi_value select_poll(napi_env env, napi_callback_info info) {
  napi_value argv[4];
  uint8_t* records = NULL;
  uint32_t count = 0;
  struct timespec storage;
  struct timespec* timeout = NULL;

  if (!read_arguments(env, info, 4, argv)) return integer(env, -EINVAL);
  int failure = read_records(env, argv[0], argv[1], argv[2], ABI_POLL_RECORD_SIZE, &records, &count);
  if (failure == 0) failure = read_timeout(env, argv[3], &storage, &timeout);
  if (failure != 0) return integer(env, failure);
  return result_of(env, ppoll((struct pollfd*) records, count, timeout, NULL));
}
