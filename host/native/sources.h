/* The calls behind kqueue's filters, documented in host/host.ts, and what their files share. */

#ifndef OMNIPOLL_SOURCES_H
#define OMNIPOLL_SOURCES_H

#include "addon.h"

/* Reads one argument that is a descriptor or another 32-bit integer. */
bool read_one(napi_env env, napi_callback_info info, int32_t* out);

/* sources.c */
napi_value select_realtime(napi_env env, napi_callback_info info);
napi_value select_dup3(napi_env env, napi_callback_info info);
napi_value select_source_read(napi_env env, napi_callback_info info);
napi_value select_source_write(napi_env env, napi_callback_info info);
napi_value select_timerfd_create(napi_env env, napi_callback_info info);
napi_value select_timerfd_settime(napi_env env, napi_callback_info info);

/* stat.c */
napi_value select_fd_stat(napi_env env, napi_callback_info info);

/* data.c */
napi_value select_fd_data(napi_env env, napi_callback_info info);

/* inotify.c */
napi_value select_inotify_init(napi_env env, napi_callback_info info);
napi_value select_inotify_add_watch(napi_env env, napi_callback_info info);
napi_value select_inotify_rm_watch(napi_env env, napi_callback_info info);

/* For the list in addon.c. Those that omnipoll/os has under the same name with other arguments
 * begin with "source_". */
#define SOURCE_CALLS                                                                        \
  CALL(realtime), CALL(dup3), CALL(source_read), CALL(source_write), CALL(timerfd_create),              \
      CALL(timerfd_settime), CALL(fd_stat), CALL(fd_data), CALL(inotify_init), CALL(inotify_add_watch), CALL(inotify_rm_watch)

#endif
