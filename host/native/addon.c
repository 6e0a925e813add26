/* The addon's exports: one function per host call, registered here and nowhere else. What is
 * kept between calls (the call block, signals, posts, requests) belongs to the environment that asked for it, and
 * is forgotten when that ends. */

#include "addon.h"

#include "os.h"
#include "sources.h"

#define CALL(name) {#name, NULL, select_##name, NULL, NULL, NULL, napi_enumerable, NULL}
/* Calls that take their arguments from the call block. */
#define BLOCK_CALL(name) {#name, NULL, select_##name, NULL, NULL, NULL, napi_enumerable, block}

static void forget(void* env) {
  aio_forget(env);
  post_forget(env);
  signal_forget(env);
}

NAPI_MODULE_INIT() {
  void* block = NULL;
  napi_value call = NULL;
  napi_ref for_ever = NULL;
  if (napi_create_arraybuffer(env, sizeof(struct call), &block, &call) != napi_ok ||
      napi_create_reference(env, call, 1, &for_ever) != napi_ok) {
    return NULL;
  }
  const napi_property_descriptor calls[] = {
      {"call", NULL, NULL, NULL, NULL, call, napi_enumerable, NULL},
      CALL(now), CALL(close), CALL(epoll_create1),
      BLOCK_CALL(poll), BLOCK_CALL(epoll_ctl), BLOCK_CALL(epoll_wait),
      BLOCK_CALL(fd_data),
      SOURCE_CALLS, OS_CALLS
  };
  if (napi_define_properties(env, exports, sizeof(calls) / sizeof(calls[0]), calls) != napi_ok) {
    return NULL;
  }
  if (napi_add_env_cleanup_hook(env, forget, env) != napi_ok) return NULL;
  return exports;
}
