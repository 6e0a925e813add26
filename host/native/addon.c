/* The addon's exports: one function per host call, registered here and nowhere else. What is
 * kept between calls (signals, posts, requests) belongs to the environment that asked for it, and
 * is forgotten when that ends. */

#include "addon.h"

#include "os.h"
#include "sources.h"

#define CALL(name) {#name, NULL, select_##name, NULL, NULL, NULL, napi_enumerable, NULL}

static void forget(void* env) {
  aio_forget(env);
  post_forget(env);
  signal_forget(env);
}

NAPI_MODULE_INIT() {
  static const napi_property_descriptor calls[] = {
      CALL(now),       CALL(close),      CALL(poll), CALL(epoll_create1),
      CALL(epoll_ctl), CALL(epoll_wait), SOURCE_CALLS, OS_CALLS
  };
  if (napi_define_properties(env, exports, sizeof(calls) / sizeof(calls[0]), calls) != napi_ok) {
    return NULL;
  }
  if (napi_add_env_cleanup_hook(env, forget, env) != napi_ok) return NULL;
  return exports;
}
