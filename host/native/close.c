/* Closing the descriptors that the core was given. */

#include <unistd.h>

#include "addon.h"

/* EINTR is not retried: on Linux the descriptor is gone all the same. */
napi_value select_close(napi_env env, napi_callback_info info) {
  int32_t fd = 0;
  if (!read_one(env, info, &fd)) return integer(env, -EINVAL);
  return result_of(env, close(fd));
}
