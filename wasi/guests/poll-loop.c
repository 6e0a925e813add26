/* A guest that bench/ measures: it calls poll_oneoff again and again. */

#include <stdint.h>
#include <stdlib.h>
#include <wasi/api.h>

static __wasi_subscription_t *subscriptions;
static __wasi_event_t *events;
static size_t count;
static __wasi_size_t found;

/* Subscribes so many times to reading from descriptor 0. Returns the address of the events. */
__attribute__((export_name("subscribe_read"))) void *subscribe_read(size_t times) {
  subscriptions = calloc(times, sizeof *subscriptions);
  events = calloc(times, sizeof *events);
  count = times;
  for (size_t i = 0; i < times; i++) {
    subscriptions[i].userdata = i;
    subscriptions[i].u.tag = __WASI_EVENTTYPE_FD_READ;
    subscriptions[i].u.u.fd_read.file_descriptor = 0;
  }
  return events;
}

/* Subscribes to a duration on the monotonic clock. */
__attribute__((export_name("subscribe_clock"))) void *subscribe_clock(uint64_t ns) {
  subscribe_read(1);
  subscriptions->u.tag = __WASI_EVENTTYPE_CLOCK;
  subscriptions->u.u.clock.id = __WASI_CLOCKID_MONOTONIC;
  subscriptions->u.u.clock.timeout = ns;
  return events;
}

/* Makes calls. Returns the number of events of the last one, or a negative error number. */
__attribute__((export_name("poll_times"))) int poll_times(int times) {
  for (int i = 0; i < times; i++) {
    __wasi_errno_t error = __wasi_poll_oneoff(subscriptions, events, count, &found);
    if (error != 0) return -error;
  }
  return (int)found;
}

int main(void) { return 0; }
