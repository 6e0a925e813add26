/* poll_oneoff on ppoll(2). Every subscription that is ready has its event, also those of one
 * descriptor, and clocks that are due at the same time. A descriptor that is not open is the error
 * of its event. */

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "amounts.h"
#include "core.h"
#include "wasi.h"

enum { NS_PER_S = 1000000000 };

/* The longest wait before the clocks are looked at again: people may set the one of 1970. */
static const uint64_t LONGEST_NS = NS_PER_S;

/* A call: the subscriptions, copied because the arrays may overlap, with a poll record of each
 * descriptor. */
struct oneoff {
  struct wasi_subscription* subscriptions;
  /* The record of each subscription; several of one descriptor that follow one another share it. */
  struct pollfd** records;
  struct pollfd* polled;
  uint32_t count;
  nfds_t polled_count;
};

/* The time at which a clock is due, in nanoseconds of that clock; a sum beyond 64 bits is for
 * ever. */
static uint64_t due_time(uint64_t now, uint64_t timeout) {
  return timeout > UINT64_MAX - now ? UINT64_MAX : now + timeout;
}

static uint64_t now_of(const struct wasi_subscription* clock) {
  return nanoseconds_of(clock->fd == WASI_CLOCK_REALTIME ? CLOCK_REALTIME : CLOCK_MONOTONIC);
}

/* Checks a clock, and makes its timeout an absolute one. A duration is measured by the clock that
 * nobody sets, whichever clock is named (clock_nanosleep(2)). */
static bool read_clock(struct wasi_subscription* clock) {
  if (clock->fd != WASI_CLOCK_REALTIME && clock->fd != WASI_CLOCK_MONOTONIC) return false;
  if (clock->flags > WASI_CLOCK_ABSOLUTE) return false;
  if (clock->flags == WASI_CLOCK_ABSOLUTE) return true;
  clock->fd = WASI_CLOCK_MONOTONIC;
  clock->timeout = due_time(now_of(clock), clock->timeout);
  return true;
}

/* Gives the subscriptions their records. 0 or an error number. */
static uint32_t read_subscriptions(struct oneoff* call) {
  struct pollfd* last = NULL;
  for (uint32_t i = 0; i < call->count; i++) {
    struct wasi_subscription* subscription = &call->subscriptions[i];
    call->records[i] = NULL;
    if (subscription->type == WASI_TYPE_CLOCK) {
      if (!read_clock(subscription)) return WASI_INVAL;
      continue;
    }
    if (subscription->type > WASI_TYPE_WRITE) return WASI_INVAL;
    /* poll(2) skips negative numbers; here, such a number is a descriptor that is not open. */
    if (subscription->fd > INT_MAX) continue;
    if (last == NULL || last->fd != (int) subscription->fd) {
      last = &call->polled[call->polled_count++];
      *last = (struct pollfd) {.fd = (int) subscription->fd};
    }
    last->events |= subscription->type == WASI_TYPE_READ ? POLLIN : POLLOUT;
    call->records[i] = last;
  }
  return WASI_SUCCESS;
}

/* Nanoseconds until the first clock is due; 0 if a subscription is ready already. */
static uint64_t time_left(const struct oneoff* call) {
  uint64_t left = UINT64_MAX;
  for (uint32_t i = 0; i < call->count; i++) {
    const struct wasi_subscription* one = &call->subscriptions[i];
    if (one->type != WASI_TYPE_CLOCK) {
      if (call->records[i] == NULL) return 0;
      continue;
    }
    uint64_t now = now_of(one);
    uint64_t rest = one->timeout > now ? one->timeout - now : 0;
    if (one->fd == WASI_CLOCK_REALTIME && rest > LONGEST_NS) rest = LONGEST_NS;
    if (rest < left) left = rest;
  }
  return left;
}

/* Bytes for an event; 1 if the kernel does not tell, unless the descriptor has hung up. */
static uint64_t bytes_of(const struct pollfd* record, uint8_t type) {
  int64_t bytes = 0;
  int error = type == WASI_TYPE_READ ? readable_bytes(record->fd, &bytes)
                                     : writable_bytes(record->fd, &bytes);
  if (error != 0) return (record->revents & POLLHUP) == 0;
  return bytes < 0 ? 0 : (uint64_t) bytes;
}

/* Fills in the event of a subscription. False if the subscription is not ready. */
static bool fill_event(const struct wasi_subscription* one, const struct pollfd* record,
                       struct wasi_event* out) {
  memset(out, 0, sizeof(*out));
  out->userdata = one->userdata;
  out->type = one->type;
  if (one->type == WASI_TYPE_CLOCK) return one->timeout <= now_of(one);
  if (record == NULL || (record->revents & POLLNVAL) != 0) {
    out->error = WASI_BADF;
    return true;
  }
  int wanted = one->type == WASI_TYPE_READ ? POLLIN : POLLOUT;
  if ((record->revents & (wanted | POLLERR | POLLHUP)) == 0) return false;
  out->nbytes = bytes_of(record, one->type);
  out->flags = (record->revents & POLLHUP) != 0 ? WASI_HANGUP : 0;
  /* Bytes that came before an error can be read. */
  bool has_data = one->type == WASI_TYPE_READ && (record->revents & POLLIN) != 0 && out->nbytes > 0;
  if ((record->revents & POLLERR) == 0 || has_data) return true;
  out->error = (uint16_t) wasi_errno(pending_error(record->fd));
  out->nbytes = 0;
  return true;
}

/* Writes the events of the subscriptions that are ready, and returns how many. */
static uint32_t write_events(const struct oneoff* call, uint8_t* to) {
  uint32_t written = 0;
  for (uint32_t i = 0; i < call->count; i++) {
    struct wasi_event event;
    if (!fill_event(&call->subscriptions[i], call->records[i], &event)) continue;
    memcpy(to + (size_t) written * sizeof(event), &event, sizeof(event));
    written++;
  }
  return written;
}

/* Waits until a subscription is ready. A signal ends the wait with INTR: the core waits for the
 * rest. */
static uint32_t wait_for(struct oneoff* call, uint8_t* events, uint8_t* found) {
  for (;;) {
    uint64_t left = time_left(call);
    struct timespec timeout = {(time_t) (left / NS_PER_S), (long) (left % NS_PER_S)};
    int ready = ppoll(call->polled, call->polled_count, left == UINT64_MAX ? NULL : &timeout, NULL);
    if (ready < 0) return wasi_errno(errno);
    uint32_t written = write_events(call, events);
    if (written == 0) continue;
    memcpy(found, &written, sizeof(written));
    return WASI_SUCCESS;
  }
}

uint32_t IMPORT(poll_oneoff)(IMPORTS* wasi, uint32_t from, uint32_t to, uint32_t count,
                             uint32_t found) {
  const void* given = memory_at(wasi->memory, from, count, sizeof(struct wasi_subscription));
  void* events = memory_at(wasi->memory, to, count, sizeof(struct wasi_event));
  void* number = memory_at(wasi->memory, found, 1, sizeof(uint32_t));
  if (given == NULL || events == NULL || number == NULL) return WASI_FAULT;
  if (count == 0) return WASI_INVAL;

  size_t size = sizeof(struct wasi_subscription) + sizeof(struct pollfd*) + sizeof(struct pollfd);
  uint8_t* room = malloc(count * size);
  if (room == NULL) return WASI_NOMEM;
  struct oneoff call = {.subscriptions = (struct wasi_subscription*) (void*) room, .count = count};
  call.records = (struct pollfd**) (void*) (call.subscriptions + count);
  call.polled = (struct pollfd*) (void*) (call.records + count);
  memcpy(call.subscriptions, given, count * sizeof(struct wasi_subscription));
  uint32_t error = read_subscriptions(&call);
  if (error == WASI_SUCCESS) error = wait_for(&call, events, number);
  free(room);
  return error;
}
