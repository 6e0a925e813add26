/* Timers. */

#include <sys/timerfd.h>

#include "addon.h"

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
