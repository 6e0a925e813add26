/* Asynchronous reads and writes: aio.c makes requests, aio-threads.c does them. */

#ifndef OMNIPOLL_AIO_H
#define OMNIPOLL_AIO_H

#include "addon.h"

/* Bytes that one read or write of Linux transfers at most (MAX_RW_COUNT). */
#define MOST_BYTES 0x7ffff000

struct request {
  struct request* next;
  napi_env env; /* NULL once the environment has ended */
  napi_ref array; /* of a read */
  int32_t id;
  int fd;
  bool is_write;
  int64_t offset;
  uint8_t* bytes;
  size_t length, done;
  int failure;
  int queue;
  uint64_t serial;
  uint64_t udata;
};

/* Hands a request to the threads. The id of the request, or a negative errno; then the request still
 * belongs to the caller. */
int32_t aio_submit(struct request* request, bool has_offsets);
/* Takes the finished requests of an environment, chained by `next`. They belong to the caller. */
struct request* aio_take_finished(napi_env env);

#endif
