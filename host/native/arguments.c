/* Arguments from JavaScript and WebAssembly, and results back. */

#include <math.h>

#include "addon.h"

/* The core compares results with these numbers. */
_Static_assert(ENOENT == ABI_ENOENT && EINTR == ABI_EINTR && EBADF == ABI_EBADF, "errno");
_Static_assert(ENOMEM == ABI_ENOMEM && EINVAL == ABI_EINVAL && ENFILE == ABI_ENFILE, "errno");
_Static_assert(ENOSYS == ABI_ENOSYS, "errno");
_Static_assert(EPERM == ABI_EPERM && ESRCH == ABI_ESRCH && EAGAIN == ABI_EAGAIN, "errno");
_Static_assert(EACCES == ABI_EACCES && EEXIST == ABI_EEXIST && ENODEV == ABI_ENODEV, "errno");
_Static_assert(EPIPE == ABI_EPIPE && EOPNOTSUPP == ABI_EOPNOTSUPP, "errno");

bool read_arguments(napi_env env, napi_callback_info info, size_t count, napi_value* argv) {
  size_t given = count;
  return napi_get_cb_info(env, info, &given, argv, NULL, NULL) == napi_ok && given >= count;
}

/* Reads a whole number in a range: V8's own conversion makes 0 of NaN and 5 of 2^32 + 5. */
static bool read_whole(napi_env env, napi_value value, double least, double most, int64_t* out) {
  double number = 0;
  if (napi_get_value_double(env, value, &number) != napi_ok) return false;
  if (!(number >= least && number <= most)) return false;
  *out = (int64_t) number;
  return (double) *out == number;
}

bool read_i32(napi_env env, napi_value value, int32_t* out) {
  int64_t whole = 0;
  if (!read_whole(env, value, INT32_MIN, INT32_MAX, &whole)) return false;
  *out = (int32_t) whole;
  return true;
}

bool read_u32(napi_env env, napi_value value, uint32_t* out) {
  int64_t whole = 0;
  if (!read_whole(env, value, INT32_MIN, UINT32_MAX, &whole)) return false;
  *out = (uint32_t) whole;
  return true;
}

bool read_one(napi_env env, napi_callback_info info, int32_t* out) {
  napi_value argv[1];
  return read_arguments(env, info, 1, argv) && read_i32(env, argv[0], out);
}

bool read_two(napi_env env, napi_callback_info info, int32_t* first, int32_t* second) {
  napi_value argv[2];
  return read_arguments(env, info, 2, argv) && read_i32(env, argv[0], first) &&
         read_i32(env, argv[1], second);
}

_Static_assert(sizeof(struct call) == ABI_CALL_SIZE, "call block");
_Static_assert(offsetof(struct call, timeout_ms) == ABI_CALL_TIMEOUT, "call block");
_Static_assert(offsetof(struct call, arguments) == ABI_CALL_ARGUMENTS, "call block");
_Static_assert(offsetof(struct call, result) == ABI_CALL_RESULT, "call block");

struct call* read_call(napi_env env, napi_callback_info info, uint8_t** memory, size_t* length) {
  napi_value argv[1];
  size_t given = memory == NULL ? 0 : 1;
  void* call = NULL;
  napi_get_cb_info(env, info, &given, argv, NULL, &call);
  if (memory != NULL) {
    void* bytes = NULL;
    *length = 0;
    if (napi_get_arraybuffer_info(env, argv[0], &bytes, length) != napi_ok) *length = 0;
    *memory = bytes;
  }
  return call;
}

int records_in(uint8_t* memory, size_t length, uint32_t address, uint32_t count, size_t size,
               uint8_t** out) {
  if (address > length || count > (length - address) / size) return -EFAULT;
  /* An empty buffer has no address to add to. */
  *out = memory == NULL ? NULL : memory + address;
  return 0;
}

int read_records(napi_env env, napi_value memory, napi_value address, napi_value count, size_t size,
                 uint8_t** out, uint32_t* out_count) {
  void* bytes = NULL;
  size_t length = 0;
  uint32_t at = 0;
  if (napi_get_arraybuffer_info(env, memory, &bytes, &length) != napi_ok ||
      !read_u32(env, address, &at) || !read_u32(env, count, out_count)) {
    return -EINVAL;
  }
  return records_in(bytes, length, at, *out_count, size, out);
}

int read_span(napi_env env, napi_callback_info info, int32_t* fd, uint8_t** bytes,
              uint32_t* length) {
  napi_value argv[4];
  if (!read_arguments(env, info, 4, argv) || !read_i32(env, argv[1], fd)) return -EINVAL;
  return read_records(env, argv[0], argv[2], argv[3], 1, bytes, length);
}

int timespec_of(double ms, struct timespec* storage, struct timespec** out) {
  if (isnan(ms)) return -EINVAL;
  *out = NULL;
  if (ms < 0 || ms > 9e15) return 0;
  *out = storage;
  *storage = (struct timespec) {0, 0};
  if (ms == 0) return 0;

  double seconds = floor(ms / 1e3);
  double ns = ceil((ms - seconds * 1e3) * 1e6);
  if (ns >= 1e9) {
    seconds += 1;
    ns = 0;
  }
  storage->tv_sec = (time_t) seconds;
  storage->tv_nsec = (long) ns;
  return 0;
}

int read_timeout(napi_env env, napi_value value, struct timespec* storage, struct timespec** out) {
  double ms = 0;
  return napi_get_value_double(env, value, &ms) == napi_ok ? timespec_of(ms, storage, out) : -EINVAL;
}

int whole_ms(const struct timespec* timeout) {
  if (timeout == NULL) return -1;
  if (timeout->tv_sec >= INT32_MAX / 1000) return INT32_MAX;
  return (int) (timeout->tv_sec * 1000 + (timeout->tv_nsec + 999999) / 1000000);
}

napi_value integer(napi_env env, int64_t value) {
  napi_value out = NULL;
  napi_create_int64(env, value, &out);
  return out;
}

napi_value result_of(napi_env env, int64_t result) {
  return integer(env, result < 0 ? -errno : result);
}
