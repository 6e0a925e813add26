/* Kevents that other threads post to a queue. The number of its descriptor names a queue: the core
 * calls post_close before it closes the descriptor, so a number has one meaning at a time. */

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "sources.h"

/* Records that a mailbox holds at most, in case its queue is never read; a power of 2. */
#define MOST_RECORDS 65536
#define FIRST_RECORDS 16

struct mailbox {
  struct mailbox* next;
  napi_env env;
  int queue;
  int signal; /* an eventfd, readable while there are records */
  uint64_t serial;
  uint8_t (*ring)[ABI_KEVENT_SIZE];
  uint32_t first, count, capacity;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct mailbox* mailboxes = NULL;
static uint64_t last_serial = 0;
static void (*_Atomic after_take)(napi_env env) = NULL;

void post_on_take(void (*taken)(napi_env env)) {
  after_take = taken;
}

/* The link to the mailbox of a queue; the link holds NULL if the queue has no mailbox. */
static struct mailbox** find(int queue) {
  struct mailbox** link = &mailboxes;
  while (*link != NULL && (*link)->queue != queue) link = &(*link)->next;
  return link;
}

static void discard(struct mailbox** link) {
  struct mailbox* mailbox = *link;
  *link = mailbox->next;
  close(mailbox->signal);
  free(mailbox->ring);
  free(mailbox);
}

void post_forget(napi_env env) {
  pthread_mutex_lock(&lock);
  for (struct mailbox** link = &mailboxes; *link != NULL;) {
    if ((*link)->env == env) {
      discard(link);
    } else {
      link = &(*link)->next;
    }
  }
  pthread_mutex_unlock(&lock);
}

static int open_mailbox(napi_env env, int queue) {
  if (fcntl(queue, F_GETFD) < 0) return -EBADF;
  if (*find(queue) != NULL) return -EEXIST;
  struct mailbox* mailbox = calloc(1, sizeof(*mailbox));
  if (mailbox == NULL) return -ENOMEM;
  int signal = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (signal < 0) {
    int failure = -errno;
    free(mailbox);
    return failure;
  }
  mailbox->next = mailboxes;
  mailbox->env = env;
  mailbox->queue = queue;
  mailbox->signal = signal;
  mailbox->serial = ++last_serial;
  mailboxes = mailbox;
  return signal;
}

napi_value select_post_open(napi_env env, napi_callback_info info) {
  int32_t queue = 0;
  if (!read_one(env, info, &queue)) return integer(env, -EINVAL);
  pthread_mutex_lock(&lock);
  int result = open_mailbox(env, queue);
  pthread_mutex_unlock(&lock);
  return integer(env, result);
}

napi_value select_post_close(napi_env env, napi_callback_info info) {
  int32_t queue = 0;
  if (!read_one(env, info, &queue)) return integer(env, -EINVAL);
  pthread_mutex_lock(&lock);
  struct mailbox** link = find(queue);
  bool is_ours = *link != NULL && (*link)->env == env;
  if (is_ours) discard(link);
  pthread_mutex_unlock(&lock);
  return integer(env, is_ours ? 0 : -EBADF);
}

/* Makes room for one more record. A ring that grows begins with its first record again. */
static bool grow(struct mailbox* mailbox) {
  if (mailbox->count < mailbox->capacity) return true;
  uint32_t capacity = mailbox->capacity == 0 ? FIRST_RECORDS : mailbox->capacity * 2;
  uint8_t(*ring)[ABI_KEVENT_SIZE] = malloc((size_t) capacity * ABI_KEVENT_SIZE);
  if (ring == NULL) return false;
  for (uint32_t i = 0; i < mailbox->count; i++) {
    memcpy(ring[i], mailbox->ring[(mailbox->first + i) % mailbox->capacity], ABI_KEVENT_SIZE);
  }
  free(mailbox->ring);
  mailbox->ring = ring;
  mailbox->first = 0;
  mailbox->capacity = capacity;
  return true;
}

static int add(struct mailbox* mailbox, const uint8_t* record) {
  if (!grow(mailbox)) return -ENOMEM;
  memcpy(mailbox->ring[(mailbox->first + mailbox->count) % mailbox->capacity], record,
         ABI_KEVENT_SIZE);
  if (mailbox->count++ == 0) eventfd_write(mailbox->signal, 1);
  return 0;
}

uint64_t post_serial(napi_env env, int queue) {
  pthread_mutex_lock(&lock);
  struct mailbox* mailbox = *find(queue);
  uint64_t serial = mailbox != NULL && mailbox->env == env ? mailbox->serial : 0;
  pthread_mutex_unlock(&lock);
  return serial;
}

void post_completion(int queue, uint64_t serial, const uint8_t* record) {
  pthread_mutex_lock(&lock);
  struct mailbox* mailbox = *find(queue);
  if (mailbox != NULL && mailbox->serial == serial) add(mailbox, record);
  pthread_mutex_unlock(&lock);
}

/* post(memory, queue, address) */
napi_value select_post(napi_env env, napi_callback_info info) {
  napi_value argv[3], one = NULL;
  int32_t queue = 0;
  uint8_t* record = NULL;
  uint32_t count = 0;
  if (!read_arguments(env, info, 3, argv) || !read_i32(env, argv[1], &queue)) {
    return integer(env, -EINVAL);
  }
  napi_create_uint32(env, 1, &one);
  int result = read_records(env, argv[0], argv[2], one, ABI_KEVENT_SIZE, &record, &count);
  if (result != 0) return integer(env, result);

  pthread_mutex_lock(&lock);
  struct mailbox* mailbox = *find(queue);
  if (mailbox == NULL) {
    result = -EBADF;
  } else if (mailbox->count >= MOST_RECORDS) {
    result = -EAGAIN;
  } else {
    result = add(mailbox, record);
  }
  pthread_mutex_unlock(&lock);
  return integer(env, result);
}

static uint32_t take(struct mailbox* mailbox, uint8_t* out, uint32_t capacity) {
  uint32_t count = mailbox->count < capacity ? mailbox->count : capacity;
  for (uint32_t i = 0; i < count; i++, out += ABI_KEVENT_SIZE) {
    memcpy(out, mailbox->ring[mailbox->first], ABI_KEVENT_SIZE);
    mailbox->first = (mailbox->first + 1) % mailbox->capacity;
  }
  mailbox->count -= count;
  if (count > 0 && mailbox->count == 0) {
    eventfd_t value;
    eventfd_read(mailbox->signal, &value);
    free(mailbox->ring);
    mailbox->ring = NULL;
    mailbox->capacity = 0;
  }
  return count;
}

/* post_take(memory, queue, address, capacity) */
napi_value select_post_take(napi_env env, napi_callback_info info) {
  napi_value argv[4];
  int32_t queue = 0;
  uint8_t* out = NULL;
  uint32_t capacity = 0;
  if (!read_arguments(env, info, 4, argv) || !read_i32(env, argv[1], &queue)) {
    return integer(env, -EINVAL);
  }
  int failure = read_records(env, argv[0], argv[2], argv[3], ABI_KEVENT_SIZE, &out, &capacity);
  if (failure != 0) return integer(env, failure);

  pthread_mutex_lock(&lock);
  struct mailbox* mailbox = *find(queue);
  bool is_ours = mailbox != NULL && mailbox->env == env;
  uint32_t count = is_ours ? take(mailbox, out, capacity) : 0;
  pthread_mutex_unlock(&lock);
  if (after_take != NULL) after_take(env);
  return integer(env, is_ours ? (int64_t) count : -EBADF);
}
