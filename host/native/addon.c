/* The addon's exports: one function per host call, registered here and nowhere else. Nothing
 * is kept between calls, so every thread and every load has an addon of its own. */

#include "addon.h"

#include "os.h"
#include "sources.h"

#define CALL(name) {#name, NULL, select_##name, NULL, NULL, NULL, napi_enumerable, NULL}

NAPI_MODULE_INIT() {
  static const napi_property_descriptor calls[] = {
      CALL(now),       CALL(close),      CALL(poll), CALL(epoll_create1),
      CALL(epoll_ctl), CALL(epoll_wait), SOURCE_CALLS, OS_CALLS
  };
  if (napi_define_properties(env, exports, sizeof(calls) / sizeof(calls[0]), calls) != napi_ok) {
    return NULL;
  }
  return exports;
}
