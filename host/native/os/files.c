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
  do {
    count = read(fd, buffer, size);
  } while (count < 0 && errno == EINTR);
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
  do {
    count = write(fd, bytes, length);
  } while (count < 0 && errno == EINTR);
  return result_of(env, count);
}

napi_value select_dup(napi_env env, napi_callback_info info) {
  napi_value argv[1];
  int32_t fd = 0;
  if (!read_arguments(env, info, 1, argv) || !read_i32(env, argv[0], &fd)) {
    return integer(env, -EINVAL);
  }
  return result_of(env, fcntl(fd, F_DUPFD_CLOEXEC, 0));
}

/* Whether a descriptor has `flag`, by fcntl's `get`: 1, 0, or -1 and errno. */
static int has_flag(int fd, int get, int flag) {
  int flags = fcntl(fd, get);
  return flags < 0 ? -1 : (flags & flag) != 0;
}

static int set_flag(int fd, int get, int set, int flag, bool on) {
  int flags = fcntl(fd, get);
  if (flags < 0) return -1;
  int wanted = on ? flags | flag : flags & ~flag;
  return wanted == flags ? 0 : fcntl(fd, set, wanted);
}

napi_value select_get_blocking(napi_env env, napi_callback_info info) {
  napi_value argv[1];
  int32_t fd = 0;
  if (!read_arguments(env, info, 1, argv) || !read_i32(env, argv[0], &fd)) {
    return integer(env, -EINVAL);
  }
  int has = has_flag(fd, F_GETFL, O_NONBLOCK);
  return result_of(env, has < 0 ? -1 : !has);
}

/* set_blocking(fd, on) */
napi_value select_set_blocking(napi_env env, napi_callback_info info) {
  napi_value argv[2];
  int32_t fd = 0, on = 0;
  if (!read_arguments(env, info, 2, argv) || !read_i32(env, argv[0], &fd) ||
      !read_i32(env, argv[1], &on)) {
    return integer(env, -EINVAL);
  }
  return result_of(env, set_flag(fd, F_GETFL, F_SETFL, O_NONBLOCK, on == 0));
}

napi_value select_get_inheritable(napi_env env, napi_callback_info info) {
  napi_value argv[1];
  int32_t fd = 0;
  if (!read_arguments(env, info, 1, argv) || !read_i32(env, argv[0], &fd)) {
    return integer(env, -EINVAL);
  }
  int has = has_flag(fd, F_GETFD, FD_CLOEXEC);
  return result_of(env, has < 0 ? -1 : !has);
}

/* set_inheritable(fd, on) */
napi_value select_set_inheritable(napi_env env, napi_callback_info info) {
  napi_value argv[2];
  int32_t fd = 0, on = 0;
  if (!read_arguments(env, info, 2, argv) || !read_i32(env, argv[0], &fd) ||
      !read_i32(env, argv[1], &on)) {
    return integer(env, -EINVAL);
  }
  return result_of(env, set_flag(fd, F_GETFD, F_SETFD, FD_CLOEXEC, on == 0));
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
  napi_value argv[2];
  int32_t pid = 0, signal = 0;
  if (!read_arguments(env, info, 2, argv) || !read_i32(env, argv[0], &pid) ||
      !read_i32(env, argv[1], &signal)) {
    return integer(env, -EINVAL);
  }
  return result_of(env, kill(pid, signal));
}
