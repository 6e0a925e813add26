/* Asynchronous reads and writes: the calls. aio-threads.c has the threads that do them.
 *
 * The thread of JavaScript that made a request copies the bytes of a read into its array when it next
 * takes kevents. Each request holds a descriptor of its own, so the program may close the one that it
 * gave. */

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "aio.h"
#include "os.h"
#include "sources.h"

/* Checks that a descriptor is open for reading or writing, and finds out whether it has offsets. 0 or
 * a negative errno. */
static int check(int fd, bool is_write, bool* has_offsets) {
  int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || (flags & O_PATH) != 0) return -EBADF;
  if ((flags & O_ACCMODE) == (is_write ? O_RDONLY : O_WRONLY)) return -EBADF;
  *has_offsets = lseek(fd, 0, SEEK_CUR) >= 0;
  return 0;
}

static bool read_u64(napi_env env, napi_value value, uint64_t* out) {
  bool is_exact = false;
  int64_t number = 0;
  if (napi_get_value_bigint_uint64(env, value, out, &is_exact) == napi_ok) return true;
  if (napi_get_value_int64(env, value, &number) != napi_ok) return false;
  *out = (uint64_t) number;
  return true;
}

/* Copies the bytes of a read into its array, unless the array was detached meanwhile. */
static void deliver(napi_env env, struct request* request) {
  napi_value array = NULL;
  uint8_t* bytes = NULL;
  size_t length = 0;
  if (request->array == NULL) return;
  if (napi_get_reference_value(env, request->array, &array) == napi_ok && array != NULL &&
      read_bytes(env, array, &bytes, &length) && length >= request->done && request->done > 0) {
    memcpy(bytes, request->bytes, request->done);
  }
  napi_delete_reference(env, request->array);
}

/* Copies the bytes of all finished reads of an environment, on the thread of that environment. */
static void collect(napi_env env) {
  struct request* request = aio_take_finished(env);
  while (request != NULL) {
    struct request* next = request->next;
    deliver(env, request);
    free(request->bytes);
    free(request);
    request = next;
  }
}

/* (fd, array, offset, queue, udata) */
static napi_value request_of(napi_env env, napi_callback_info info, bool is_write) {
  napi_value argv[5];
  struct request wanted = {.env = env, .is_write = is_write};
  int32_t fd = 0;
  uint8_t* bytes = NULL;
  uint64_t offset = 0;
  bool has_offsets = false;
  if (!read_arguments(env, info, 5, argv) || !read_i32(env, argv[0], &fd) ||
      !read_bytes(env, argv[1], &bytes, &wanted.length) || !read_u64(env, argv[2], &offset) ||
      offset > INT64_MAX || !read_i32(env, argv[3], &wanted.queue) ||
      !read_u64(env, argv[4], &wanted.udata)) {
    return integer(env, -EINVAL);
  }
  collect(env);
  post_on_take(collect);
  if (wanted.length > MOST_BYTES) wanted.length = MOST_BYTES;
  wanted.offset = (int64_t) offset;
  wanted.serial = post_serial(env, wanted.queue);
  if (wanted.serial == 0) return integer(env, -EBADF);
  int failure = check(fd, is_write, &has_offsets);
  if (failure != 0) return integer(env, failure);

  wanted.fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (wanted.fd < 0) return integer(env, -errno);
  struct request* request = malloc(sizeof(*request));
  /* Zeros for a read: a driver may count bytes that it did not write. */
  wanted.bytes = calloc(wanted.length + 1, 1);
  failure = -ENOMEM;
  if (request != NULL && wanted.bytes != NULL &&
      (is_write || napi_create_reference(env, argv[1], 1, &wanted.array) == napi_ok)) {
    if (is_write && wanted.length > 0) memcpy(wanted.bytes, bytes, wanted.length);
    *request = wanted;
    int32_t id = aio_submit(request, has_offsets);
    if (id > 0) return integer(env, id);
    failure = id;
  }
  if (wanted.array != NULL) napi_delete_reference(env, wanted.array);
  close(wanted.fd);
  free(wanted.bytes);
  free(request);
  return integer(env, failure);
}

napi_value select_aio_read(napi_env env, napi_callback_info info) {
  return request_of(env, info, false);
}

napi_value select_aio_write(napi_env env, napi_callback_info info) {
  return request_of(env, info, true);
}
