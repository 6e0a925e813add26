/* Arguments of the calls behind omnipoll/os: bytes and integers in memory of JavaScript. */

#include "os.h"

/* Points `out` at the elements of a typed array of that type. A detached array has no elements. */
static bool read_typed(napi_env env, napi_value value, napi_typedarray_type wanted, void** out,
                       size_t* length) {
  bool is_typed = false;
  napi_typedarray_type type;
  return napi_is_typedarray(env, value, &is_typed) == napi_ok && is_typed &&
         napi_get_typedarray_info(env, value, &type, length, out, NULL, NULL) == napi_ok &&
         type == wanted;
}

bool read_bytes(napi_env env, napi_value value, uint8_t** out, size_t* length) {
  void* elements = NULL;
  if (!read_typed(env, value, napi_uint8_array, &elements, length)) return false;
  *out = elements;
  return true;
}

int read_buffer(napi_env env, napi_value value, napi_value size, uint8_t** out, size_t* length) {
  size_t available = 0;
  int64_t wanted = 0;
  if (!read_bytes(env, value, out, &available) ||
      napi_get_value_int64(env, size, &wanted) != napi_ok || wanted < 0) {
    return -EINVAL;
  }
  if ((uint64_t) wanted > available) return -EFAULT;
  *length = (size_t) wanted;
  return 0;
}

int read_integers(napi_env env, napi_value value, size_t count, int32_t** out) {
  void* elements = NULL;
  size_t length = 0;
  if (!read_typed(env, value, napi_int32_array, &elements, &length)) return -EINVAL;
  if (length < count) return -EFAULT;
  *out = elements;
  return 0;
}
