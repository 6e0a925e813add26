/* omnipoll/os: sockets. Every descriptor made here is close-on-exec from the start. */

#include <poll.h>
#include <unistd.h>

#include "os.h"

/* socketpair(fds, family, type, proto) */
napi_value select_socketpair(napi_env env, napi_callback_info info) {
  napi_value argv[4];
  int32_t* fds = NULL;
  int32_t family = 0, type = 0, proto = 0;
  if (!read_arguments(env, info, 4, argv) || !read_i32(env, argv[1], &family) ||
      !read_i32(env, argv[2], &type) || !read_i32(env, argv[3], &proto)) {
    return integer(env, -EINVAL);
  }
  int failure = read_integers(env, argv[0], 2, &fds);
  if (failure != 0) return integer(env, failure);
  return result_of(env, socketpair(family, type | SOCK_CLOEXEC, proto, fds));
}

/* socket(family, type, proto) */
napi_value select_socket(napi_env env, napi_callback_info info) {
  napi_value argv[3];
  int32_t family = 0, type = 0, proto = 0;
  if (!read_arguments(env, info, 3, argv) || !read_i32(env, argv[0], &family) ||
      !read_i32(env, argv[1], &type) || !read_i32(env, argv[2], &proto)) {
    return integer(env, -EINVAL);
  }
  return result_of(env, socket(family, type | SOCK_CLOEXEC, proto));
}

/* Reads the arguments of bind and connect: (fd, family, text, port). */
static int read_address(napi_env env, napi_callback_info info, int32_t* fd, struct address* out) {
  napi_value argv[4];
  int32_t family = 0, port = 0;
  uint8_t* text = NULL;
  size_t length = 0;
  if (!read_arguments(env, info, 4, argv) || !read_i32(env, argv[0], fd) ||
      !read_i32(env, argv[1], &family) || !read_bytes(env, argv[2], &text, &length) ||
      !read_i32(env, argv[3], &port) || port < 0 || port > UINT16_MAX) {
    return -EINVAL;
  }
  return make_address(family, text, length, (uint16_t) port, out);
}

/* bind(fd, family, text, port) */
napi_value select_bind(napi_env env, napi_callback_info info) {
  int32_t fd = 0;
  struct address address;
  int failure = read_address(env, info, &fd, &address);
  if (failure != 0) return integer(env, failure);
  return result_of(env, bind(fd, &address.any, address.length));
}

/* The kernel goes on with a connection whose connect(2) was interrupted: waits for its end. */
static int finish_connect(int fd) {
  struct pollfd record = {.fd = fd, .events = POLLOUT};
  int ready, error = 0;
  do {
    ready = poll(&record, 1, -1);
  } while (ready < 0 && errno == EINTR);
  socklen_t length = sizeof(error);
  if (ready < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0) return -1;
  errno = error;
  return error == 0 ? 0 : -1;
}

/* connect(fd, family, text, port) */
napi_value select_connect(napi_env env, napi_callback_info info) {
  int32_t fd = 0;
  struct address address;
  int failure = read_address(env, info, &fd, &address);
  if (failure != 0) return integer(env, failure);

  int result;
  do {
    result = connect(fd, &address.any, address.length);
    /* AF_UNIX waits for a place in the queue before it begins, so there is nothing to finish. */
  } while (result < 0 && errno == EINTR && address.any.sa_family == AF_UNIX);
  if (result < 0 && errno == EINTR) result = finish_connect(fd);
  return result_of(env, result);
}

/* listen(fd, backlog) */
napi_value select_listen(napi_env env, napi_callback_info info) {
  int32_t fd = 0, backlog = 0;
  if (!read_two(env, info, &fd, &backlog)) return integer(env, -EINVAL);
  return result_of(env, listen(fd, backlog));
}

/* Reads the arguments of accept, getsockname and getpeername: (fd, text, parts). 0, -EFAULT or
 * -EINVAL. */
static int read_named(napi_env env, napi_callback_info info, int32_t* fd, struct name* name) {
  napi_value argv[3];
  if (!read_arguments(env, info, 3, argv) || !read_i32(env, argv[0], fd)) return -EINVAL;
  return read_name(env, argv[1], argv[2], name);
}

/* accept(fd, text, parts) */
napi_value select_accept(napi_env env, napi_callback_info info) {
  int32_t fd = 0;
  struct name name;
  int failure = read_named(env, info, &fd, &name);
  if (failure != 0) return integer(env, failure);

  struct address address = {0};
  int accepted;
  do {
    address.length = sizeof(address.storage);
    accepted = accept4(fd, &address.any, &address.length, SOCK_CLOEXEC);
  } while (accepted < 0 && errno == EINTR);
  if (accepted < 0) return result_of(env, accepted);

  failure = show_address(&address, &name);
  if (failure == 0) return integer(env, accepted);
  close(accepted);
  return integer(env, failure);
}

/* Shows the address of one end of a socket, which `query` gets: (fd, text, parts). */
static napi_value show_end(napi_env env, napi_callback_info info,
                           int (*query)(int, struct sockaddr*, socklen_t*)) {
  int32_t fd = 0;
  struct name name;
  int failure = read_named(env, info, &fd, &name);
  if (failure != 0) return integer(env, failure);

  struct address address = {.length = sizeof(address.storage)};
  if (query(fd, &address.any, &address.length) < 0) return result_of(env, -1);
  return integer(env, show_address(&address, &name));
}

napi_value select_getsockname(napi_env env, napi_callback_info info) {
  return show_end(env, info, getsockname);
}

napi_value select_getpeername(napi_env env, napi_callback_info info) {
  return show_end(env, info, getpeername);
}

/* shutdown(fd, how) */
napi_value select_shutdown(napi_env env, napi_callback_info info) {
  int32_t fd = 0, how = 0;
  if (!read_two(env, info, &fd, &how)) return integer(env, -EINVAL);
  return result_of(env, shutdown(fd, how));
}

/* send(fd, bytes, flags) */
napi_value select_send(napi_env env, napi_callback_info info) {
  napi_value argv[3];
  int32_t fd = 0, flags = 0;
  uint8_t* bytes = NULL;
  size_t length = 0;
  if (!read_arguments(env, info, 3, argv) || !read_i32(env, argv[0], &fd) ||
      !read_bytes(env, argv[1], &bytes, &length) || !read_i32(env, argv[2], &flags)) {
    return integer(env, -EINVAL);
  }

  ssize_t count;
  RESTART(count, send(fd, bytes, length, flags));
  return result_of(env, count);
}

/* recv(fd, buffer, size, flags) */
napi_value select_recv(napi_env env, napi_callback_info info) {
  napi_value argv[4];
  int32_t fd = 0, flags = 0;
  uint8_t* buffer = NULL;
  size_t size = 0;
  if (!read_arguments(env, info, 4, argv) || !read_i32(env, argv[0], &fd) ||
      !read_i32(env, argv[3], &flags)) {
    return integer(env, -EINVAL);
  }
  int failure = read_buffer(env, argv[1], argv[2], &buffer, &size);
  if (failure != 0) return integer(env, failure);

  ssize_t count;
  RESTART(count, recv(fd, buffer, size, flags));
  return result_of(env, count);
}

/* getsockopt(fd, level, option, value) */
napi_value select_getsockopt(napi_env env, napi_callback_info info) {
  napi_value argv[4];
  int32_t fd = 0, level = 0, option = 0;
  int32_t* value = NULL;
  if (!read_arguments(env, info, 4, argv) || !read_i32(env, argv[0], &fd) ||
      !read_i32(env, argv[1], &level) || !read_i32(env, argv[2], &option)) {
    return integer(env, -EINVAL);
  }
  int failure = read_integers(env, argv[3], 1, &value);
  if (failure != 0) return integer(env, failure);
  int got = 0; /* an option of one byte fills only that */
  socklen_t length = sizeof(got);
  int result = getsockopt(fd, level, option, &got, &length);
  if (result == 0) *value = got;
  return result_of(env, result);
}

/* setsockopt(fd, level, option, bytes) */
napi_value select_setsockopt(napi_env env, napi_callback_info info) {
  napi_value argv[4];
  int32_t fd = 0, level = 0, option = 0;
  uint8_t* bytes = NULL;
  size_t length = 0;
  if (!read_arguments(env, info, 4, argv) || !read_i32(env, argv[0], &fd) ||
      !read_i32(env, argv[1], &level) || !read_i32(env, argv[2], &option) ||
      !read_bytes(env, argv[3], &bytes, &length) || length > INT32_MAX) {
    return integer(env, -EINVAL);
  }
  return result_of(env, setsockopt(fd, level, option, bytes, (socklen_t) length));
}
