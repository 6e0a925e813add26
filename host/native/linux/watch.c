/* Waits that do not block the thread: the event loop of Node calls back once poll(2) would return.
 *
 * A watch has an epoll of its own, with the wanted descriptors and a timerfd for the deadline, and a
 * uv_poll_t on that epoll. The headers of libuv are no part of Node-API's, so the few functions are
 * declared here; they are stable in libuv 1. A runtime without them has no watches (-ENOSYS). */

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "addon.h"

struct uv_loop_s;
typedef void (*poll_callback)(void* handle, int status, int events);
#define WEAK __attribute__((weak))
WEAK int uv_poll_init(struct uv_loop_s* loop, void* handle, int fd);
WEAK int uv_poll_start(void* handle, int events, poll_callback callback);
WEAK size_t uv_handle_size(int type);
WEAK void uv_handle_set_data(void* handle, void* data);
WEAK void* uv_handle_get_data(const void* handle);
WEAK void uv_close(void* handle, void (*closed)(void* handle));
/* Members of uv_handle_type and uv_poll_event. */
enum { UV_POLL = 8, UV_READABLE = 1 };

static bool has_libuv(void) {
  return uv_poll_init != NULL && uv_poll_start != NULL && uv_handle_size != NULL &&
         uv_handle_set_data != NULL && uv_handle_get_data != NULL && uv_close != NULL;
}

/* The watches of one environment. They are freed when the environment has ended and the last handle is
 * closed. */
struct watches {
  napi_env env;
  struct uv_loop_s* loop;
  napi_async_cleanup_hook_handle hook;
  bool is_ending;
  /* Handles that are not closed yet, also those whose watch is over. */
  size_t handles;
  /* By number; NULL for a number that is free. */
  struct watch** slots;
  uint32_t capacity;
};

struct watch {
  struct watches* all;
  uint32_t number;
  int epoll;
  int timer;
  napi_ref ended;
  void* handle;
};

static void end_if_over(struct watches* all) {
  if (!all->is_ending || all->handles > 0) return;
  napi_remove_async_cleanup_hook(all->hook);
  free(all->slots);
  free(all);
}

static void on_closed(void* handle) {
  struct watches* all = uv_handle_get_data(handle);
  free(handle);
  all->handles--;
  end_if_over(all);
}

static void close_fd(int fd) {
  if (fd >= 0) close(fd);
}

/* Ends a watch. Its handle is closed by the loop; the descriptors may be closed at once. */
static void end_watch(struct watch* watch) {
  struct watches* all = watch->all;
  all->slots[watch->number] = NULL;
  if (watch->ended != NULL) napi_delete_reference(all->env, watch->ended);
  if (watch->handle != NULL) {
    uv_handle_set_data(watch->handle, all);
    uv_close(watch->handle, on_closed);
  }
  close_fd(watch->epoll);
  close_fd(watch->timer);
  free(watch);
}

static void on_environment_end(napi_async_cleanup_hook_handle hook, void* data) {
  struct watches* all = data;
  all->hook = hook;
  all->is_ending = true;
  for (uint32_t i = 0; i < all->capacity; i++) {
    if (all->slots[i] != NULL) end_watch(all->slots[i]);
  }
  end_if_over(all);
}

/* The watches of an environment, which the first watch makes; NULL without memory. */
static struct watches* watches_of(napi_env env) {
  void* known = NULL;
  if (napi_get_instance_data(env, &known) == napi_ok && known != NULL) return known;
  struct watches* all = calloc(1, sizeof(*all));
  if (all == NULL) return NULL;
  all->env = env;
  if (napi_get_uv_event_loop(env, &all->loop) == napi_ok &&
      napi_add_async_cleanup_hook(env, on_environment_end, all, &all->hook) == napi_ok) {
    if (napi_set_instance_data(env, all, NULL, NULL) == napi_ok) return all;
    napi_remove_async_cleanup_hook(all->hook);
  }
  free(all);
  return NULL;
}

/* Calls JavaScript once. */
static void on_ready(void* handle, int status, int events) {
  (void) status;
  (void) events;
  struct watch* watch = uv_handle_get_data(handle);
  napi_env env = watch->all->env;
  napi_handle_scope scope = NULL;
  napi_value ended = NULL;
  napi_value global = NULL;
  napi_value error = NULL;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return;
  bool is_known = napi_get_reference_value(env, watch->ended, &ended) == napi_ok &&
                  ended != NULL && napi_get_global(env, &global) == napi_ok;
  end_watch(watch);
  if (is_known && napi_make_callback(env, NULL, global, ended, 0, NULL, NULL) ==
                      napi_pending_exception &&
      napi_get_and_clear_last_exception(env, &error) == napi_ok) {
    napi_fatal_exception(env, error);
  }
  napi_close_handle_scope(env, scope);
}

/* A record, copied as bytes: the address need not be aligned. */
static struct pollfd record_at(const uint8_t* records, uint32_t i) {
  struct pollfd record;
  memcpy(&record, records + (size_t) i * ABI_POLL_RECORD_SIZE, sizeof(record));
  return record;
}

/* The wanted events of every record before `count` that names a descriptor. */
static uint32_t wanted_of(const uint8_t* records, uint32_t count, int fd) {
  uint32_t wanted = 0;
  for (uint32_t i = 0; i < count; i++) {
    struct pollfd record = record_at(records, i);
    if (record.fd == fd) wanted |= (uint16_t) record.events;
  }
  return wanted;
}

/* Adds the records to an epoll. 1 if one of them is ready whatever epoll says: a regular file, and
 * a descriptor that is not open. 0, or a negative errno. */
static int add_records(int epoll, const uint8_t* records, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    struct pollfd record = record_at(records, i);
    if (record.fd < 0) continue;
    struct epoll_event event = {.events = (uint16_t) record.events};
    int result = epoll_ctl(epoll, EPOLL_CTL_ADD, record.fd, &event);
    if (result < 0 && errno == EEXIST) {
      event.events = wanted_of(records, i + 1, record.fd);
      result = epoll_ctl(epoll, EPOLL_CTL_MOD, record.fd, &event);
    }
    if (result == 0) continue;
    return errno == EPERM || errno == EBADF ? 1 : -errno;
  }
  return 0;
}

/* Arms a timer and adds it to an epoll. 0 or a negative errno. */
static int add_timer(struct watch* watch, const struct timespec* timeout) {
  struct itimerspec timer = {.it_value = *timeout};
  struct epoll_event event = {.events = EPOLLIN};
  if (timer.it_value.tv_sec == 0 && timer.it_value.tv_nsec == 0) timer.it_value.tv_nsec = 1;
  watch->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  if (watch->timer < 0 || timerfd_settime(watch->timer, 0, &timer, NULL) < 0) return -errno;
  return epoll_ctl(watch->epoll, EPOLL_CTL_ADD, watch->timer, &event) < 0 ? -errno : 0;
}

/* A number for a watch: -ENOMEM without memory. */
static int take_number(struct watches* all, struct watch* watch) {
  uint32_t number = 0;
  while (number < all->capacity && all->slots[number] != NULL) number++;
  if (number == all->capacity) {
    uint32_t capacity = 2 * all->capacity + 8;
    struct watch** slots = realloc(all->slots, capacity * sizeof(struct watch*));
    if (slots == NULL) return -ENOMEM;
    for (uint32_t i = number; i < capacity; i++) slots[i] = NULL;
    all->slots = slots;
    all->capacity = capacity;
  }
  all->slots[number] = watch;
  watch->number = number;
  return 0;
}

/* Begins to watch. 0 or a negative errno. */
static int start(struct watch* watch, const uint8_t* records, uint32_t count,
                 const struct timespec* timeout) {
  static const struct timespec now = {0, 0};
  watch->epoll = epoll_create1(EPOLL_CLOEXEC);
  if (watch->epoll < 0) return -errno;
  int added = add_records(watch->epoll, records, count);
  if (added < 0) return added;
  if (added > 0) timeout = &now;
  int failure = timeout == NULL ? 0 : add_timer(watch, timeout);
  if (failure < 0) return failure;

  void* handle = calloc(1, uv_handle_size(UV_POLL));
  if (handle == NULL) return -ENOMEM;
  failure = uv_poll_init(watch->all->loop, handle, watch->epoll);
  if (failure < 0) {
    free(handle);
    return failure;
  }
  watch->handle = handle;
  watch->all->handles++;
  uv_handle_set_data(handle, watch);
  return uv_poll_start(handle, UV_READABLE, on_ready);
}

/* watch(memory, records, count, timeoutMs, ended): a number for unwatch, or a negative errno. Calls
 * `ended` once; the number is free from then on. */
napi_value select_watch(napi_env env, napi_callback_info info) {
  napi_value argv[5];
  uint8_t* records = NULL;
  uint32_t count = 0;
  struct timespec storage;
  struct timespec* timeout = NULL;
  napi_valuetype type = napi_undefined;

  if (!has_libuv()) return integer(env, -ENOSYS);
  if (!read_arguments(env, info, 5, argv) || napi_typeof(env, argv[4], &type) != napi_ok ||
      type != napi_function) {
    return integer(env, -EINVAL);
  }
  int failure = read_records(env, argv[0], argv[1], argv[2], ABI_POLL_RECORD_SIZE, &records, &count);
  if (failure == 0) failure = read_timeout(env, argv[3], &storage, &timeout);
  if (failure < 0) return integer(env, failure);

  struct watches* all = watches_of(env);
  struct watch* watch = all == NULL || all->is_ending ? NULL : calloc(1, sizeof(*watch));
  if (watch == NULL) return integer(env, -ENOMEM);
  watch->all = all;
  watch->epoll = -1;
  watch->timer = -1;
  failure = take_number(all, watch);
  if (failure < 0) {
    free(watch);
    return integer(env, failure);
  }
  if (napi_create_reference(env, argv[4], 1, &watch->ended) != napi_ok) failure = -ENOMEM;
  if (failure == 0) failure = start(watch, records, count, timeout);
  uint32_t number = watch->number;
  if (failure < 0) end_watch(watch);
  return integer(env, failure < 0 ? failure : (int64_t) number);
}

/* unwatch(number): ends a watch that has not called back. 0, or -EBADF for another number. */
napi_value select_unwatch(napi_env env, napi_callback_info info) {
  int32_t number = -1;
  void* known = NULL;
  if (!read_one(env, info, &number)) return integer(env, -EINVAL);
  if (napi_get_instance_data(env, &known) != napi_ok || known == NULL) return integer(env, -EBADF);
  struct watches* all = known;
  if (number < 0 || (uint32_t) number >= all->capacity || all->slots[number] == NULL) {
    return integer(env, -EBADF);
  }
  end_watch(all->slots[number]);
  return integer(env, 0);
}
