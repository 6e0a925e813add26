/* The addon's exports, made from the list of calls of each folder. State between calls (the call
 * block, watched signals, mailboxes, requests) belongs to the environment that asked for it, and is
 * freed when that environment ends. */

#include "addon.h"

#include "calls.h"
#include "linux/calls.h"
#include "linux/sources.h"
#include "os/calls.h"

#define ALL_CALLS(CALL, BLOCK) \
  COMMON_CALLS(CALL, BLOCK) OS_CALLS(CALL, BLOCK) LINUX_CALLS(CALL, BLOCK)

#define DECLARE(name) napi_value select_##name(napi_env env, napi_callback_info info);
ALL_CALLS(DECLARE, DECLARE)

#define CALL(name) {#name, NULL, select_##name, NULL, NULL, NULL, napi_enumerable, NULL},
#define BLOCK(name) {#name, NULL, select_##name, NULL, NULL, NULL, napi_enumerable, block},

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
      ALL_CALLS(CALL, BLOCK)
  };
  if (napi_define_properties(env, exports, sizeof(calls) / sizeof(calls[0]), calls) != napi_ok) {
    return NULL;
  }
  if (napi_add_env_cleanup_hook(env, forget, env) != napi_ok) return NULL;
  return exports;
}
