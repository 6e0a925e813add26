/* omnipoll/os: descriptors of any kind, pipes and processes. Every descriptor made here is
 * close-on-exec from the start, whatever flags were asked for. */

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os.h"

/* pipe2(fds, flags) */
napi_value select_pipe2(napi_env env, napi_callback_info info) {
  napi_value argv[2];
  int32_t* fds = NULL;
  int32_t flags = 0;
  if (!read_arguments(env, info, 2, argv) || !read_i32(env, argv[1], &flags)) {
    return integer(env, -EINVAL);
  }
  int failure = read_integers(env, argv[0], 2, &fds);
  if (failure != 0) return integer(env, failure);
  return result_of(env, pipe2(fds, flags | O_CLOEXEC));
}

/* read(fd, buffer, size) */
napi_value select_read(napi_env env, napi_callback_info info) {
  napi_value argv[3];
  int32_t fd = 0;
  uint8_t* buffer = NULL;
  size_t size = 0;
  if (!read_arguments(env, info, 3, argv) || !read_i32(env, argv[0], &fd)) {
    return integer(env, -EINVAL);
  }
  int failure = read_buffer(env, argv[1], argv[2], &buffer, &size);
  if (failure != 0) return integer(env, failure);

  ssize_t count;
  RESTART(count, read(fd, buffer, size));
  return result_of(env, count);
}

/* write(fd, bytes) */
napi_value select_write(napi_env env, napi_callback_info info) {
  napi_value argv[2];
  int32_t fd = 0;
  uint8_t* bytes = NULL;
  size_t length = 0;
  if (!read_arguments(env, info, 2, argv) || !read_i32(env, argv[0], &fd) ||
      !read_bytes(env, argv[1], &bytes, &length)) {
    return integer(env, -EINVAL);
  }

  ssize_t count;
  RESTART(count, write(fd, bytes, length));
  return result_of(env, count);
}

/* dup(fd) */
napi_value select_dup(napi_env env, napi_callback_info info) {
  int32_t fd = 0;
  if (!read_one(env, info, &fd)) return integer(env, -EINVAL);
  return result_of(env, fcntl(fd, F_DUPFD_CLOEXEC, 0));
}

/* (fd): 1 if a descriptor does not have `flag`, which fcntl's `get` reads, and 0 if it does. */
static napi_value lacks_flag(napi_env env, napi_callback_info info, int get, int flag) {
  int32_t fd = 0;
  if (!read_one(env, info, &fd)) return integer(env, -EINVAL);
  int flags = fcntl(fd, get);
  return result_of(env, flags < 0 ? -1 : (flags & flag) == 0);
}

/* (fd, on): clears `flag` of a descriptor, or sets it if `on` is 0. */
static napi_value clear_flag(napi_env env, napi_callback_info info, int get, int set, int flag) {
  int32_t fd = 0, on = 0;
  if (!read_two(env, info, &fd, &on)) return integer(env, -EINVAL);
  int flags = fcntl(fd, get);
  if (flags < 0) return result_of(env, -1);
  int wanted = on == 0 ? flags | flag : flags & ~flag;
  return result_of(env, wanted == flags ? 0 : fcntl(fd, set, wanted));
}

/* get_blocking(fd) */
napi_value select_get_blocking(napi_env env, napi_callback_info info) {
  return lacks_flag(env, info, F_GETFL, O_NONBLOCK);
}

/* set_blocking(fd, on) */
napi_value select_set_blocking(napi_env env, napi_callback_info info) {
  return clear_flag(env, info, F_GETFL, F_SETFL, O_NONBLOCK);
}

/* get_inheritable(fd) */
napi_value select_get_inheritable(napi_env env, napi_callback_info info) {
  return lacks_flag(env, info, F_GETFD, FD_CLOEXEC);
}

/* set_inheritable(fd, on) */
napi_value select_set_inheritable(napi_env env, napi_callback_info info) {
  return clear_flag(env, info, F_GETFD, F_SETFD, FD_CLOEXEC);
}

/* mkfifo(path, mode) */
napi_value select_mkfifo(napi_env env, napi_callback_info info) {
  napi_value argv[2];
  uint8_t* bytes = NULL;
  size_t length = 0;
  int32_t mode = 0;
  if (!read_arguments(env, info, 2, argv) || !read_bytes(env, argv[0], &bytes, &length) ||
      !read_i32(env, argv[1], &mode)) {
    return integer(env, -EINVAL);
  }
  char path[PATH_MAX];
  if (length >= sizeof(path)) return integer(env, -ENAMETOOLONG);
  if (length > 0) memcpy(path, bytes, length);
  path[length] = '\0';
  if (strlen(path) != length) return integer(env, -EINVAL);
  return result_of(env, mkfifo(path, (mode_t) mode));
}

/* kill(pid, signal) */
napi_value select_kill(napi_env env, napi_callback_info info) {
  int32_t pid = 0, signal = 0;
  if (!read_two(env, info, &pid, &signal)) return integer(env, -EINVAL);
  return result_of(env, kill(pid, signal));
}
