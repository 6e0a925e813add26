/* Changes of files. */

#include <fcntl.h>
#include <stdio.h>
#include <sys/inotify.h>

#include "sources.h"

napi_value select_inotify_init(napi_env env, napi_callback_info info) {
  (void) info;
  return result_of(env, inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
}

/* inotify_add_watch(inotify, fd, parent, mask). The link in /proc leads to the file itself,
 * whatever the file's name is now, and also if it has no name left. */
napi_value select_inotify_add_watch(napi_env env, napi_callback_info info) {
  napi_value argv[4];
  int32_t inotify = 0, fd = 0, parent = 0;
  uint32_t mask = 0;
  if (!read_arguments(env, info, 4, argv) || !read_i32(env, argv[0], &inotify) ||
      !read_i32(env, argv[1], &fd) || !read_i32(env, argv[2], &parent) ||
      !read_u32(env, argv[3], &mask)) {
    return integer(env, -EINVAL);
  }
  if (fcntl(fd, F_GETFD) < 0) return integer(env, -EBADF);

  char path[48];
  snprintf(path, sizeof(path), "/proc/self/fd/%d%s", fd, parent == 1 ? "/.." : "");
  /* IN_DONT_FOLLOW would watch the link in /proc. */
  return result_of(env, inotify_add_watch(inotify, path, mask & ~(uint32_t) IN_DONT_FOLLOW));
}

/* inotify_rm_watch(inotify, watch) */
napi_value select_inotify_rm_watch(napi_env env, napi_callback_info info) {
  int32_t inotify = 0, watch = 0;
  if (!read_two(env, info, &inotify, &watch)) return integer(env, -EINVAL);
  return result_of(env, inotify_rm_watch(inotify, watch));
}
