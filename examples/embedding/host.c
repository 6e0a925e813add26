/* The import module "host" on Linux: poll(2), and what else the core needs on a kernel of which it
 * knows nothing but poll(2). descriptors.c answers the core's questions about a descriptor,
 * absent.c has the calls that this host lacks. */

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "core.h"

/* The core lays out its records as `struct pollfd`: the kernel works on them in place. */
_Static_assert(sizeof(struct pollfd) == OMNIPOLL_POLL_RECORD_SIZE, "pollfd");
_Static_assert(offsetof(struct pollfd, events) == OMNIPOLL_POLL_RECORD_WANT, "pollfd.events");
_Static_assert(offsetof(struct pollfd, revents) == OMNIPOLL_POLL_RECORD_READY, "pollfd.revents");

/* A result as the core takes it: what the system call returned, or the negative errno. */
static uint32_t result_of(ssize_t result) { return (uint32_t) (result < 0 ? -errno : result); }

/* No CAPABILITY_*: the core translates epoll, kqueue and devpoll to poll. */
uint32_t IMPORT(capabilities)(IMPORTS* host) {
  (void) host;
  return 0;
}

static double milliseconds(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (double) time.tv_sec * 1e3 + (double) time.tv_nsec / 1e6;
}

double IMPORT(now)(IMPORTS* host) {
  (void) host;
  return milliseconds(CLOCK_MONOTONIC);
}

double IMPORT(realtime)(IMPORTS* host) {
  (void) host;
  return milliseconds(CLOCK_REALTIME);
}

/* Rounds up: a wait never ends early. NULL, for ever, below 0, and beyond what a timespec holds. */
static struct timespec* timespec_of(double ms, struct timespec* out) {
  if (!(ms >= 0 && ms < 1e15)) return NULL;
  double seconds = floor(ms / 1e3);
  double nanoseconds = ceil((ms - seconds * 1e3) * 1e6);
  out->tv_sec = (time_t) seconds + (nanoseconds >= 1e9);
  out->tv_nsec = nanoseconds >= 1e9 ? 0 : (long) nanoseconds;
  return out;
}

/* Returns -EINTR as it is: the core knows its deadline, and waits for the rest of the time. */
uint32_t IMPORT(poll)(IMPORTS* host, uint32_t records, uint32_t count, double timeout_ms) {
  struct timespec timeout;
  struct pollfd* at = memory_at(host->memory, records, count, sizeof(*at));
  if (at == NULL) return (uint32_t) -EFAULT;
  return result_of(ppoll(at, count, timespec_of(timeout_ms, &timeout), NULL));
}

/* The core knows an epoll, a queue or a devpoll object by such a descriptor. */
uint32_t IMPORT(eventfd)(IMPORTS* host) {
  (void) host;
  return result_of(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
}

uint32_t IMPORT(close)(IMPORTS* host, uint32_t fd) {
  (void) host;
  return result_of(close((int) fd));
}

uint32_t IMPORT(read)(IMPORTS* host, uint32_t fd, uint32_t address, uint32_t length) {
  void* to = memory_at(host->memory, address, length, 1);
  return to == NULL ? (uint32_t) -EFAULT : result_of(read((int) fd, to, length));
}

uint32_t IMPORT(write)(IMPORTS* host, uint32_t fd, uint32_t address, uint32_t length) {
  void* from = memory_at(host->memory, address, length, 1);
  return from == NULL ? (uint32_t) -EFAULT : result_of(write((int) fd, from, length));
}
