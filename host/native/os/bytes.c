/* The waist's calls on the bytes of a descriptor, in memory of the core. */

#include <fcntl.h>
#include <unistd.h>

#include "addon.h"

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

/* dup3(oldfd, newfd) */
napi_value select_dup3(napi_env env, napi_callback_info info) {
  int32_t oldfd = 0, newfd = 0;
  if (!read_two(env, info, &oldfd, &newfd)) return integer(env, -EINVAL);
  return result_of(env, dup3(oldfd, newfd, O_CLOEXEC));
}
