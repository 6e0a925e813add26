/* The clock that deadlines are measured on, and the clock that people set. */

#include "addon.h"

napi_value select_now(napi_env env, napi_callback_info info) {
  (void) info;
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  napi_value out = NULL;
  napi_create_double(env, (double) now.tv_sec * 1e3 + (double) now.tv_nsec / 1e6, &out);
  return out;
}

napi_value select_realtime(napi_env env, napi_callback_info info) {
  (void) info;
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  napi_value out = NULL;
  napi_create_double(env, (double) now.tv_sec * 1e3 + (double) now.tv_nsec / 1e6, &out);
  return out;
}
