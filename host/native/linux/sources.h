/* Shared by the files of Linux's calls. */

#ifndef OMNIPOLL_SOURCES_H
#define OMNIPOLL_SOURCES_H

#include "addon.h"

/* signal.c */

/* Puts our handlers on top again, where other code has replaced them. Cheap while no signal is
 * watched. */
void signal_rechain(void);
/* Ends all watchers of an environment. */
void signal_forget(napi_env env);

/* post.c */

/* Has `taken` called after an environment took kevents from a queue, on the thread of that
 * environment. */
void post_on_take(void (*taken)(napi_env env));
/* The serial of the queue that the number means now, since a number may be used again; 0 if the
 * number is no queue of the environment. */
uint64_t post_serial(napi_env env, int queue);
/* Posts a kevent record, also to a full mailbox; drops the record if the number means another queue
 * now. */
void post_completion(int queue, uint64_t serial, const uint8_t* record);
/* Ends all mailboxes of an environment. */
void post_forget(napi_env env);

/* aio-threads.c */

/* Forgets all requests of an environment. */
void aio_forget(napi_env env);

#endif
