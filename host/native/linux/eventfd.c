/* Counters. */

#include <sys/eventfd.h>

#include "addon.h"

/* eventfd(initval, flags) */
napi_value select_eventfd(napi_env env, napi_callback_info info) {
  napi_value argv[2];
  uint32_t initval = 0;
  int32_t flags = 0;
  if (!read_arguments(env, info, 2, argv) || !read_u32(env, argv[0], &initval) ||
      !read_i32(env, argv[1], &flags)) {
    return integer(env, -EINVAL);
  }
  return result_of(env, eventfd(initval, flags | EFD_CLOEXEC));
}
