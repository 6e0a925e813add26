/* The simple sources: the other clock, bytes of a descriptor, and timers. */

#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "sources.h"

/* The core compares results with these numbers, too. */
_Static_assert(EPERM == ABI_EPERM && ESRCH == ABI_ESRCH && EAGAIN == ABI_EAGAIN, "errno");
_Static_assert(EACCES == ABI_EACCES && EEXIST == ABI_EEXIST && ENODEV == ABI_ENODEV, "errno");
_Static_assert(EPIPE == ABI_EPIPE && EOPNOTSUPP == ABI_EOPNOTSUPP, "errno");

bool read_one(napi_env env, napi_callback_info info, int32_t* out) {
  napi_value argv[1];
  return read_arguments(env, info, 1, argv) && read_i32(env, argv[0], out);
}

napi_value select_realtime(napi_env env, napi_callback_info info) {
  (void) info;
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  napi_value out = NULL;
  napi_create_double(env, (double) now.tv_sec * 1e3 + (double) now.tv_nsec / 1e6, &out);
  return out;
}

int read_span(napi_env env, napi_callback_info info, int32_t* fd, uint8_t** bytes,
              uint32_t* length) {
  napi_value argv[4];
  if (!read_arguments(env, info, 4, argv) || !read_i32(env, argv[1], fd)) return -EINVAL;
  return read_records(env, argv[0], argv[2], argv[3], 1, bytes, length);
}

napi_value select_source_read(napi_env env, napi_callback_info info) {
  int32_t fd = 0;
  uint8_t* bytes = NULL;
  uint32_t length = 0;
  int failure = read_span(env, info, &fd, &bytes, &length);
  return failure != 0 ? integer(env, failure) : result_of(env, read(fd, bytes, length));
}

napi_value select_source_write(napi_env env, napi_callback_info info) {
  int32_t fd = 0;
  uint8_t* bytes = NULL;
  uint32_t length = 0;
  int failure = read_span(env, info, &fd, &bytes, &length);
  return failure != 0 ? integer(env, failure) : result_of(env, write(fd, bytes, length));
}

napi_value select_timerfd_create(napi_env env, napi_callback_info info) {
  (void) info;
  return result_of(env, timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
}

/* timerfd_settime(fd, deadlineMs) */
napi_value select_timerfd_settime(napi_env env, napi_callback_info info) {
  napi_value argv[2];
  int32_t fd = 0;
  double ms = 0;
  struct itimerspec timer = {0};
  struct timespec* deadline = NULL;

  if (!read_arguments(env, info, 2, argv) || !read_i32(env, argv[0], &fd) ||
      napi_get_value_double(env, argv[1], &ms) != napi_ok ||
      read_timeout(env, argv[1], &timer.it_value, &deadline) != 0) {
    return integer(env, -EINVAL);
  }
  if (deadline == NULL) {
    /* Before the clock began, so at once; or after every clock's end, so never. */
    timer.it_value.tv_sec = 0;
    timer.it_value.tv_nsec = ms < 0 ? 1 : 0;
  }
  return result_of(env, timerfd_settime(fd, TFD_TIMER_ABSTIME, &timer, NULL));
}

/* dup3(from, to) */
napi_value select_dup3(napi_env env, napi_callback_info info) {
  napi_value argv[2];
  int32_t from = 0, to = 0;
  if (!read_arguments(env, info, 2, argv) || !read_i32(env, argv[0], &from) ||
      !read_i32(env, argv[1], &to)) {
    return integer(env, -EINVAL);
  }
  return result_of(env, dup3(from, to, O_CLOEXEC));
}
