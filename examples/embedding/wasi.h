/* Layouts and numbers of wasi_snapshot_preview1, as witx and wasi-libc's <wasi/wasip1.h> have them;
 * the part that core.wasi.wasm needs. */

#ifndef WASI_H
#define WASI_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum {
  WASI_SUCCESS = 0,
  WASI_ACCES = 2,
  WASI_AGAIN = 6,
  WASI_BADF = 8,
  WASI_CONNRESET = 15,
  WASI_FAULT = 21,
  WASI_INTR = 27,
  WASI_INVAL = 28,
  WASI_IO = 29,
  WASI_NOMEM = 48,
  WASI_OVERFLOW = 61,
  WASI_PERM = 63,
  WASI_PIPE = 64,
  WASI_SPIPE = 70,
};

enum { WASI_CLOCK_REALTIME = 0, WASI_CLOCK_MONOTONIC = 1 };

enum {
  WASI_FILETYPE_UNKNOWN = 0,
  WASI_FILETYPE_BLOCK_DEVICE = 1,
  WASI_FILETYPE_CHARACTER_DEVICE = 2,
  WASI_FILETYPE_DIRECTORY = 3,
  WASI_FILETYPE_REGULAR_FILE = 4,
  WASI_FILETYPE_SOCKET_DGRAM = 5,
  WASI_FILETYPE_SOCKET_STREAM = 6,
};

enum { WASI_FDFLAGS_APPEND = 1 << 0, WASI_FDFLAGS_NONBLOCK = 1 << 2 };

enum {
  WASI_RIGHTS_READ = 1 << 1,
  WASI_RIGHTS_SEEK = 1 << 2,
  WASI_RIGHTS_TELL = 1 << 5,
  WASI_RIGHTS_WRITE = 1 << 6,
  WASI_RIGHTS_FILESTAT_GET = 1 << 21,
  WASI_RIGHTS_POLL = 1 << 27,
};

/* What poll_oneoff waits for. Of a descriptor, nothing behind `fd` means anything. */
struct wasi_subscription {
  uint64_t userdata;
  uint8_t type;
  /* The descriptor, or the id of the clock: a union in witx, aligned as its largest member. */
  _Alignas(8) uint32_t fd;
  uint64_t timeout;
  uint64_t precision;
  uint16_t flags;
};

enum { WASI_TYPE_CLOCK = 0, WASI_TYPE_READ = 1, WASI_TYPE_WRITE = 2 };
enum { WASI_CLOCK_ABSOLUTE = 1 };

struct wasi_event {
  uint64_t userdata;
  uint16_t error;
  uint8_t type;
  uint64_t nbytes;
  uint16_t flags;
};

enum { WASI_HANGUP = 1 };

struct wasi_filestat {
  uint64_t dev, ino;
  uint8_t filetype;
  uint64_t nlink, size, atim, mtim, ctim;
};

struct wasi_fdstat {
  uint8_t filetype;
  uint16_t flags;
  uint64_t rights, rights_inheriting;
};

/* The compiler pads as wasm32 does: every field is aligned to its size. */
_Static_assert(sizeof(struct wasi_subscription) == 48, "subscription");
_Static_assert(offsetof(struct wasi_subscription, type) == 8, "subscription.type");
_Static_assert(offsetof(struct wasi_subscription, fd) == 16, "subscription.fd");
_Static_assert(offsetof(struct wasi_subscription, timeout) == 24, "subscription.timeout");
_Static_assert(offsetof(struct wasi_subscription, flags) == 40, "subscription.flags");
_Static_assert(sizeof(struct wasi_event) == 32, "event");
_Static_assert(offsetof(struct wasi_event, error) == 8, "event.error");
_Static_assert(offsetof(struct wasi_event, type) == 10, "event.type");
_Static_assert(offsetof(struct wasi_event, nbytes) == 16, "event.nbytes");
_Static_assert(offsetof(struct wasi_event, flags) == 24, "event.flags");
_Static_assert(sizeof(struct wasi_filestat) == 64, "filestat");
_Static_assert(offsetof(struct wasi_filestat, filetype) == 16, "filestat.filetype");
_Static_assert(offsetof(struct wasi_filestat, size) == 32, "filestat.size");
_Static_assert(sizeof(struct wasi_fdstat) == 24, "fdstat");
_Static_assert(offsetof(struct wasi_fdstat, flags) == 2, "fdstat.flags");
_Static_assert(offsetof(struct wasi_fdstat, rights) == 8, "fdstat.rights");

/* WASI's number of a positive errno; WASI_IO for one that the calls of this host do not have. */
uint32_t wasi_errno(int error);

uint64_t nanoseconds_of(clockid_t clock);

#endif
