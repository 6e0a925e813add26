/* The threads that do asynchronous reads and writes. Each request ends as a kevent of the queue that was
 * given with the request.
 *
 * The threads never touch memory of JavaScript: they work on copies. So an array may be detached, and a
 * thread of JavaScript may end, while a request is under way. */

#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include "aio.h"
#include "sources.h"

/* Threads for files; one more waits for pipes, sockets and the like. */
#define MOST_WORKERS 3
#define MOST_REQUESTS 4096

struct list {
  struct request* first;
  struct request** end;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t work = PTHREAD_COND_INITIALIZER;
/* `waiting` is for the workers, `parked` for the thread that waits for readiness, `finished` for
 * the threads of JavaScript. Only the thread that a list is for takes a request off `waiting` or
 * `parked`. */
static struct list waiting = {NULL, &waiting.first};
static struct list parked = {NULL, &parked.first};
static struct list finished = {NULL, &finished.first};
/* The request that each worker works on, which is in no list. */
static struct request* current[MOST_WORKERS];
static int workers = 0, idle_workers = 0, unclaimed = 0;
static int wakeup = -1; /* an eventfd that the waiting thread listens to; -1 before there is one */
static int requests = 0;
static int32_t last_id = 0;

static void append(struct list* list, struct request* request) {
  request->next = NULL;
  *list->end = request;
  list->end = &request->next;
}

/* Takes the request that `link` points to off its list. */
static struct request* cut(struct list* list, struct request** link) {
  struct request* request = *link;
  *link = request->next;
  if (list->end == &request->next) list->end = link;
  return request;
}

static void discard(struct request* request) {
  requests--;
  if (request->fd >= 0) close(request->fd);
  free(request->bytes);
  free(request);
}

/* The kevent of a request that has ended. Its flags are EV_EOF, as filt_aio of FreeBSD has it. */
static void make_record(const struct request* request, uint8_t* record) {
  uint64_t ident = (uint64_t) request->id;
  int16_t filter = ABI_FILTER_AIO;
  uint16_t flags = ABI_EV_EOF | (request->failure != 0 ? ABI_EV_ERROR : 0);
  int64_t data = request->failure != 0 ? request->failure : (int64_t) request->done;
  memset(record, 0, ABI_KEVENT_SIZE);
  memcpy(record + ABI_KEVENT_IDENT, &ident, sizeof(ident));
  memcpy(record + ABI_KEVENT_FILTER, &filter, sizeof(filter));
  memcpy(record + ABI_KEVENT_FLAGS, &flags, sizeof(flags));
  memcpy(record + ABI_KEVENT_DATA, &data, sizeof(data));
  memcpy(record + ABI_KEVENT_UDATA, &request->udata, sizeof(request->udata));
}

/* Ends a request that is in no list any more. The request is in `finished` before its kevent is
 * posted: a thread that takes the kevent finds the bytes. */
static void finish(struct request* request) {
  uint8_t record[ABI_KEVENT_SIZE];
  if (request->env == NULL) {
    discard(request);
    return;
  }
  close(request->fd);
  request->fd = -1;
  make_record(request, record);
  append(&finished, request);
  post_completion(request->queue, request->serial, record);
}

/* Bytes of a buffer with `room` that a read has filled: a driver may count more. */
static size_t bytes_in(ssize_t count, size_t room) {
  return (size_t) count < room ? (size_t) count : room;
}

/* Reads or writes a file at an offset. */
static void transfer(struct request* request) {
  ssize_t count;
  do {
    count = request->is_write
                ? pwrite(request->fd, request->bytes, request->length, request->offset)
                : pread(request->fd, request->bytes, request->length, request->offset);
  } while (count < 0 && errno == EINTR);
  if (count < 0) {
    request->failure = errno;
  } else {
    request->done = bytes_in(count, request->length);
  }
}

static void* work_on_files(void* argument) {
  struct request** mine = argument;
  pthread_mutex_lock(&lock);
  for (;;) {
    while (waiting.first == NULL) {
      idle_workers++;
      pthread_cond_wait(&work, &lock);
      idle_workers--;
    }
    *mine = cut(&waiting, &waiting.first);
    unclaimed--;
    pthread_mutex_unlock(&lock);
    transfer(*mine);
    pthread_mutex_lock(&lock);
    finish(*mine);
    *mine = NULL;
  }
  return NULL;
}

/* One attempt on a descriptor without offsets; -1 and EAGAIN if the descriptor is not ready after
 * all. */
static ssize_t attempt(struct request* request) {
  struct iovec rest = {request->bytes + request->done, request->length - request->done};
  ssize_t count = request->is_write ? pwritev2(request->fd, &rest, 1, -1, RWF_NOWAIT)
                                    : preadv2(request->fd, &rest, 1, -1, RWF_NOWAIT);
  if (count >= 0 || (errno != EOPNOTSUPP && errno != ENOSYS && errno != EINVAL)) return count;
  /* Terminals, and pipes before Linux 6.5, have no RWF_NOWAIT. The descriptor was ready, so a read,
   * or a write of PIPE_BUF bytes, does not block. */
  if (!request->is_write) return read(request->fd, rest.iov_base, rest.iov_len);
  return write(request->fd, rest.iov_base, rest.iov_len < PIPE_BUF ? rest.iov_len : PIPE_BUF);
}

/* Whether the request has ended: a read ends with its first bytes, a write with its last. */
static bool proceed(struct request* request) {
  ssize_t count = attempt(request);
  if (count < 0) {
    if (errno == EAGAIN || errno == EINTR) return false;
    if (request->done == 0) request->failure = errno;
    return true;
  }
  request->done += bytes_in(count, request->length - request->done);
  return !request->is_write || request->done == request->length;
}

/* Makes the poll records of the thread below: the wakeup and the parked requests, in order. */
static nfds_t gather(struct pollfd* polled) {
  nfds_t count = 1;
  polled[0] = (struct pollfd) {.fd = wakeup, .events = POLLIN};
  for (struct request** link = &parked.first; *link != NULL;) {
    struct request* request = *link;
    if (request->env == NULL) {
      discard(cut(&parked, link));
      continue;
    }
    polled[count++] = (struct pollfd) {
        .fd = request->fd, .events = request->is_write ? POLLOUT : POLLIN};
    link = &request->next;
  }
  return count;
}

static void* work_on_streams(void* argument) {
  static struct pollfd polled[MOST_REQUESTS + 1];
  (void) argument;
  pthread_mutex_lock(&lock);
  for (;;) {
    nfds_t count = gather(polled);
    pthread_mutex_unlock(&lock);
    poll(polled, count, -1);
    eventfd_t value;
    eventfd_read(wakeup, &value);
    pthread_mutex_lock(&lock);
    struct request** link = &parked.first;
    for (nfds_t i = 1; i < count; i++) {
      if (polled[i].revents == 0) {
        link = &(*link)->next;
        continue;
      }
      if ((*link)->env == NULL) {
        finish(cut(&parked, link));
        continue;
      }
      pthread_mutex_unlock(&lock);
      bool has_ended = proceed(*link);
      pthread_mutex_lock(&lock);
      if (has_ended) {
        finish(cut(&parked, link));
      } else {
        link = &(*link)->next;
      }
    }
  }
  return NULL;
}

/* Starts a thread with all signals blocked. 0 or a positive errno. */
static int start(void* (*body)(void*), struct request** mine) {
  pthread_t thread;
  pthread_attr_t detached;
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_attr_init(&detached);
  pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
  int failure = pthread_create(&thread, &detached, body, mine);
  pthread_attr_destroy(&detached);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return failure;
}

/* aio_submit with the lock held. */
static int32_t submit(struct request* request, bool has_offsets) {
  if (requests >= MOST_REQUESTS) return -EAGAIN;
  if (has_offsets) {
    if (idle_workers <= unclaimed && workers < MOST_WORKERS) {
      if (start(work_on_files, &current[workers]) == 0) {
        workers++;
      } else if (workers == 0) {
        return -EAGAIN;
      }
    }
  } else if (wakeup < 0) {
    wakeup = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wakeup < 0) return -errno;
    if (start(work_on_streams, NULL) != 0) {
      close(wakeup);
      wakeup = -1;
      return -EAGAIN;
    }
  }
  requests++;
  last_id = last_id == INT32_MAX ? 1 : last_id + 1;
  request->id = last_id;
  append(has_offsets ? &waiting : &parked, request);
  if (has_offsets) {
    unclaimed++;
    pthread_cond_signal(&work);
  } else {
    eventfd_write(wakeup, 1);
  }
  return request->id;
}

int32_t aio_submit(struct request* request, bool has_offsets) {
  pthread_mutex_lock(&lock);
  int32_t result = submit(request, has_offsets);
  pthread_mutex_unlock(&lock);
  return result;
}

struct request* aio_take_finished(napi_env env) {
  struct request* taken = NULL;
  pthread_mutex_lock(&lock);
  for (struct request** link = &finished.first; *link != NULL;) {
    if ((*link)->env == env) {
      struct request* request = cut(&finished, link);
      request->next = taken;
      taken = request;
      requests--;
    } else {
      link = &(*link)->next;
    }
  }
  pthread_mutex_unlock(&lock);
  return taken;
}

/* Marks a request whose environment ends. The references to its arrays end with the environment. */
static void orphan(napi_env env, struct request* request) {
  if (request != NULL && request->env == env) request->env = NULL;
}

void aio_forget(napi_env env) {
  pthread_mutex_lock(&lock);
  for (struct request* one = waiting.first; one != NULL; one = one->next) orphan(env, one);
  for (struct request* one = parked.first; one != NULL; one = one->next) orphan(env, one);
  for (size_t i = 0; i < MOST_WORKERS; i++) orphan(env, current[i]);
  for (struct request** link = &finished.first; *link != NULL;) {
    if ((*link)->env == env) {
      discard(cut(&finished, link));
    } else {
      link = &(*link)->next;
    }
  }
  if (wakeup >= 0) eventfd_write(wakeup, 1);
  pthread_mutex_unlock(&lock);
}
