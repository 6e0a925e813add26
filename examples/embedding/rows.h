/* Rows of the conformance catalogue in C: every row prints its number and "ok", or "wrong" with the
 * line and what was seen instead. A row has descriptors of its own, which are closed at its end. */

#ifndef ROWS_H
#define ROWS_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "core.h"

/* As asm/abi.ts lays it out. */
struct kevent_record {
  uint64_t ident;
  int16_t filter;
  uint16_t flags;
  uint32_t fflags;
  int64_t data;
  uint64_t udata;
};

_Static_assert(sizeof(struct kevent_record) == OMNIPOLL_KEVENT_SIZE, "kevent");
_Static_assert(offsetof(struct kevent_record, fflags) == OMNIPOLL_KEVENT_FFLAGS, "kevent.fflags");
_Static_assert(offsetof(struct kevent_record, data) == OMNIPOLL_KEVENT_DATA, "kevent.data");
_Static_assert(offsetof(struct kevent_record, udata) == OMNIPOLL_KEVENT_UDATA, "kevent.udata");

struct ready_record {
  int32_t fd;
  uint32_t mask;
};

_Static_assert(sizeof(struct ready_record) == OMNIPOLL_READY_RECORD_SIZE, "ready record");

struct row {
  const char* number;
  void (*run)(void);
};

/* The rows of each file end with an entry without a number. */
extern const struct row epoll_rows[], edge_rows[], poll_rows[], select_rows[], devpoll_rows[];
extern const struct row kqueue_rows[], filter_rows[];

extern core_instance* core;

/* The epoll, the queue … that the row tests, which the runner makes and closes. */
extern int32_t object;

/* Notes that a row is wrong; only the first time in a row counts. */
__attribute__((format(printf, 2, 3))) void wrong(int line, const char* format, ...);

#define EXPECT(condition) \
  do { \
    if (!(condition)) wrong(__LINE__, "not %s", #condition); \
  } while (0)

/* Compares a result. */
#define IS(call, wanted) is(__LINE__, #call, (call), (wanted))
void is(int line, const char* call, int64_t result, int64_t wanted);

/* Most events that a row waits for. */
enum { CAPACITY = 8 };

/* An event that a row expects. */
#define EVENT(fd, mask) \
  (struct ready_record) { (fd), (mask) }

/* Waits on an epoll, a poll or a devpoll object, and compares the events, in any order: a kernel
 * has an order of its own. A timeout below 0 is for ever, of an event that must come. */
#define SEES_NOTHING(wait, handle) sees(__LINE__, wait, handle, 0, 0, NULL)
#define SEES(wait, handle, timeout_ms, ...) \
  sees(__LINE__, wait, handle, timeout_ms, \
       sizeof((struct ready_record[]) {__VA_ARGS__}) / sizeof(struct ready_record), \
       (struct ready_record[]) {__VA_ARGS__})

/* A wait of one API: fills `out` with at most `CAPACITY` events. */
typedef int32_t wait_function(int32_t handle, double timeout_ms, struct ready_record* out);
wait_function epoll_wait_once, poll_wait_once, devpoll_wait_once;
void sees(int line, wait_function* wait, int32_t handle, double timeout_ms, size_t count,
          const struct ready_record* wanted);

/* Bytes of the memory of the core. */
void load(void* to, uint32_t address, uint32_t size);
void store(uint32_t address, const void* from, uint32_t size);

/* Descriptors, non-blocking, which the row need not close. */
struct pair {
  int a;
  int b;
};
/* A pipe: `a` to read from, `b` to write to. */
struct pair make_pipe(void);
struct pair make_socketpair(int type);
/* A file of `size` bytes without a name. */
int make_file(int size);
/* Lets the row close a descriptor that it made. */
int owned(int fd);

/* Closes a descriptor; tells the core first, which keeps registrations by number. */
void close_fd(int fd);
/* Reads or writes so many bytes. */
void read_bytes(int fd, int count);
void write_bytes(int fd, int count);
/* Writes until nothing more fits. */
void fill(int fd);

/* Milliseconds of CLOCK_MONOTONIC. */
double now_ms(void);

#endif
