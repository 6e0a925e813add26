/* The calls behind kqueue's filters, documented in host/host.ts, and what their files share. */

#ifndef OMNIPOLL_SOURCES_H
#define OMNIPOLL_SOURCES_H

#include "addon.h"

/* Reads one argument that is a descriptor or another 32-bit integer. */
bool read_one(napi_env env, napi_callback_info info, int32_t* out);
/* Reads the four arguments of read and write: (memory, fd, address, length). 0, -EFAULT or
 * -EINVAL. */
int read_span(napi_env env, napi_callback_info info, int32_t* fd, uint8_t** bytes,
              uint32_t* length);

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

/* process.c */
napi_value select_proc_status(napi_env env, napi_callback_info info);

/* netlink.c */
napi_value select_proc_listen(napi_env env, napi_callback_info info);
napi_value select_link_listen(napi_env env, napi_callback_info info);
napi_value select_link_flags(napi_env env, napi_callback_info info);
napi_value select_netlink_read(napi_env env, napi_callback_info info);

/* signal.c */
napi_value select_signal_open(napi_env env, napi_callback_info info);
napi_value select_signal_close(napi_env env, napi_callback_info info);
napi_value select_signal_rechain(napi_env env, napi_callback_info info);
/* Puts our handlers on top again, where others have replaced them. Cheap if nothing is watched. */
void signal_rechain(void);
/* Ends all watchers of an environment. */
void signal_forget(napi_env env);

/* post.c */
napi_value select_post_open(napi_env env, napi_callback_info info);
napi_value select_post_close(napi_env env, napi_callback_info info);
napi_value select_post(napi_env env, napi_callback_info info);
napi_value select_post_take(napi_env env, napi_callback_info info);
/* Which of all the queues a number may have meant this one is; 0 if the environment has none. */
uint64_t post_serial(napi_env env, int queue);
/* Posts a kevent record, also to a full mailbox; drops it if the queue is another one now. */
void post_completion(int queue, uint64_t serial, const uint8_t* record);
/* Ends all mailboxes of an environment. */
void post_forget(napi_env env);

/* aio.c */
napi_value select_aio_read(napi_env env, napi_callback_info info);
napi_value select_aio_write(napi_env env, napi_callback_info info);
/* Gives what has been read to the arrays of an environment. To be called on its thread. */
void aio_collect(napi_env env);
/* Forgets all requests of an environment. */
void aio_forget(napi_env env);

/* For the list in addon.c. Those that omnipoll/os has under the same name with other arguments
 * begin with "source_". */
#define SOURCE_CALLS                                                                         \
  CALL(realtime), CALL(dup3), CALL(source_read), CALL(source_write), CALL(timerfd_create),               \
      CALL(timerfd_settime), CALL(fd_stat), CALL(inotify_init),               \
      CALL(inotify_add_watch), CALL(inotify_rm_watch), CALL(proc_status), CALL(proc_listen), \
      CALL(link_listen), CALL(link_flags), CALL(netlink_read), CALL(signal_open),            \
      CALL(signal_close), CALL(signal_rechain), CALL(post_open), CALL(post_close),           \
      CALL(post), CALL(post_take), CALL(aio_read), CALL(aio_write)

#endif
