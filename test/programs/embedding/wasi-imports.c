/* The imports of wasi.c and wasi-oneoff.c. */

#include "imports.h"
#include "wasi.h"

/* A subscription at an address of the memory. */
static void subscribe(uint32_t address, uint8_t type, uint32_t fd, uint64_t timeout,
                      uint16_t flags) {
  struct wasi_subscription one;
  memset(&one, 0, sizeof(one));
  one.userdata = fd;
  one.type = type;
  one.fd = fd;
  one.timeout = timeout;
  one.flags = flags;
  put(address, &one, sizeof(one));
}

static struct wasi_event event_at(uint32_t address) {
  struct wasi_event event;
  get(&event, address, sizeof(event));
  return event;
}

static void addresses(int fd) {
  subscribe(0, WASI_TYPE_CLOCK, WASI_CLOCK_MONOTONIC, 0, 0);
  for (int i = 0; i < OUTSIDE_COUNT; i++) {
    GIVES(IMPORT(poll_oneoff)(&imports, OUTSIDE(48)[i], 0, 1, 128), WASI_FAULT);
    GIVES(IMPORT(poll_oneoff)(&imports, 0, OUTSIDE(32)[i], 1, 128), WASI_FAULT);
    GIVES(IMPORT(poll_oneoff)(&imports, 0, 64, 1, OUTSIDE(4)[i]), WASI_FAULT);
    GIVES(IMPORT(clock_time_get)(&imports, 1, 0, OUTSIDE(8)[i]), WASI_FAULT);
    GIVES(IMPORT(fd_filestat_get)(&imports, (uint32_t) fd, OUTSIDE(64)[i]), WASI_FAULT);
    GIVES(IMPORT(fd_fdstat_get)(&imports, (uint32_t) fd, OUTSIDE(24)[i]), WASI_FAULT);
    GIVES(IMPORT(fd_tell)(&imports, (uint32_t) fd, OUTSIDE(8)[i]), WASI_FAULT);
  }
  /* Products beyond 32 bits. */
  GIVES(IMPORT(poll_oneoff)(&imports, 0, 0, UINT32_MAX / 16 + 1, 128), WASI_FAULT);
  GIVES(IMPORT(poll_oneoff)(&imports, 0, 0, UINT32_MAX, 128), WASI_FAULT);
  /* The last bytes of the memory are inside. */
  GIVES(IMPORT(fd_filestat_get)(&imports, (uint32_t) fd, PAGE - 64), WASI_SUCCESS);
  GIVES(IMPORT(poll_oneoff)(&imports, 0, PAGE - 32, 1, 128), WASI_SUCCESS);
}

static void values(int fd) {
  GIVES(IMPORT(poll_oneoff)(&imports, 0, 64, 0, 128), WASI_INVAL);
  subscribe(0, 3, 0, 0, 0);
  GIVES(IMPORT(poll_oneoff)(&imports, 0, 64, 1, 128), WASI_INVAL);
  subscribe(0, WASI_TYPE_CLOCK, 2, 0, 0);
  GIVES(IMPORT(poll_oneoff)(&imports, 0, 64, 1, 128), WASI_INVAL);
  subscribe(0, WASI_TYPE_CLOCK, WASI_CLOCK_REALTIME, 0, 2);
  GIVES(IMPORT(poll_oneoff)(&imports, 0, 64, 1, 128), WASI_INVAL);
  GIVES(IMPORT(clock_time_get)(&imports, 9, 0, 0), WASI_INVAL);
  GIVES(IMPORT(fd_close)(&imports, UINT32_MAX), WASI_BADF);
  GIVES(IMPORT(fd_filestat_get)(&imports, UINT32_MAX, 0), WASI_BADF);
  GIVES(IMPORT(fd_fdstat_get)(&imports, UINT32_MAX, 0), WASI_BADF);

  /* A descriptor that is not open is an error of its event, beside others that are ready; the
   * longest durations and times add up to for ever, times that are over are due. */
  subscribe(0, WASI_TYPE_READ, UINT32_MAX, 0, 0);
  subscribe(48, WASI_TYPE_CLOCK, WASI_CLOCK_MONOTONIC, UINT64_MAX, 0);
  subscribe(96, WASI_TYPE_CLOCK, WASI_CLOCK_REALTIME, UINT64_MAX, WASI_CLOCK_ABSOLUTE);
  subscribe(144, WASI_TYPE_WRITE, (uint32_t) fd, 0, 0);
  subscribe(192, WASI_TYPE_CLOCK, WASI_CLOCK_REALTIME, 1, WASI_CLOCK_ABSOLUTE);
  GIVES(IMPORT(poll_oneoff)(&imports, 0, 1024, 5, 4096), WASI_SUCCESS);
  uint32_t found;
  get(&found, 4096, sizeof(found));
  IS(found, 3);
  struct wasi_event first = event_at(1024), second = event_at(1056), third = event_at(1088);
  IS(first.error, WASI_BADF);
  IS(first.userdata == UINT32_MAX && first.type == WASI_TYPE_READ, true);
  IS(second.userdata == (uint64_t) fd && second.type == WASI_TYPE_WRITE && second.error == 0, true);
  IS(second.nbytes > 0, true);
  IS(third.type, WASI_TYPE_CLOCK);
}

static void properties(int pipe_end) {
  struct wasi_filestat stat;
  struct wasi_fdstat flags;
  uint64_t offset;
  struct stat file;
  int fd = file_at_4();
  IS(fstat(fd, &file), 0);
  GIVES(IMPORT(fd_filestat_get)(&imports, (uint32_t) fd, 0), WASI_SUCCESS);
  get(&stat, 0, sizeof(stat));
  IS(stat.filetype, WASI_FILETYPE_REGULAR_FILE);
  IS(stat.dev, file.st_dev);
  IS(stat.ino, file.st_ino);
  IS(stat.nlink, file.st_nlink);
  IS(stat.size, 10);
  IS(stat.mtim, (uint64_t) file.st_mtim.tv_sec * 1000000000 + (uint64_t) file.st_mtim.tv_nsec);
  GIVES(IMPORT(fd_tell)(&imports, (uint32_t) fd, 0), WASI_SUCCESS);
  get(&offset, 0, sizeof(offset));
  IS(offset, 4);
  GIVES(IMPORT(fd_tell)(&imports, (uint32_t) pipe_end, 0), WASI_SPIPE);

  IS(fcntl(pipe_end, F_SETFL, O_NONBLOCK), 0);
  GIVES(IMPORT(fd_fdstat_get)(&imports, (uint32_t) pipe_end, 0), WASI_SUCCESS);
  get(&flags, 0, sizeof(flags));
  IS(flags.filetype, WASI_FILETYPE_UNKNOWN);
  IS(flags.flags, WASI_FDFLAGS_NONBLOCK);
  IS(flags.rights & WASI_RIGHTS_READ, 0);
  IS((flags.rights & WASI_RIGHTS_WRITE) != 0, true);
}

/* The first event of a call with one subscription. */
static struct wasi_event event_of(int fd, uint8_t type) {
  subscribe(0, type, (uint32_t) fd, 0, 0);
  GIVES(IMPORT(poll_oneoff)(&imports, 0, 1024, 1, 4096), WASI_SUCCESS);
  return event_at(1024);
}

/* Bytes that came before an error can be read; what is written has the error. */
static void reset(int fd) {
  (void) fd;
  int socket = reset_socket(3);
  struct wasi_event event = event_of(socket, WASI_TYPE_READ);
  IS(event.error == WASI_SUCCESS && event.nbytes == 3 && event.flags == WASI_HANGUP, true);
  event = event_of(socket, WASI_TYPE_WRITE);
  IS(event.error == WASI_CONNRESET && event.nbytes == 0, true);
}

static uint64_t clock_now(uint32_t clock) {
  uint64_t now;
  GIVES(IMPORT(clock_time_get)(&imports, clock, 0, 8192), WASI_SUCCESS);
  get(&now, 8192, sizeof(now));
  return now;
}

static void clocks(int fd) {
  (void) fd;
  enum { NS = 7000001 };
  for (uint32_t clock = WASI_CLOCK_REALTIME; clock <= WASI_CLOCK_MONOTONIC; clock++) {
    uint64_t begun = nanoseconds_of(CLOCK_MONOTONIC);
    subscribe(0, WASI_TYPE_CLOCK, clock, NS, 0);
    GIVES(IMPORT(poll_oneoff)(&imports, 0, 1024, 1, 4096), WASI_SUCCESS);
    IS(nanoseconds_of(CLOCK_MONOTONIC) - begun >= NS, true);
  }
  uint64_t due = clock_now(WASI_CLOCK_MONOTONIC) + NS;
  subscribe(0, WASI_TYPE_CLOCK, WASI_CLOCK_MONOTONIC, due, WASI_CLOCK_ABSOLUTE);
  GIVES(IMPORT(poll_oneoff)(&imports, 0, 1024, 1, 4096), WASI_SUCCESS);
  IS(clock_now(WASI_CLOCK_MONOTONIC) >= due, true);
  IS(event_at(1024).type, WASI_TYPE_CLOCK);
  uint64_t before = nanoseconds_of(CLOCK_REALTIME);
  IS(clock_now(WASI_CLOCK_REALTIME) >= before, true);
}

int main(void) {
  void (*const checks[])(int) = {addresses, values, properties, reset, clocks, NULL};
  return run(checks);
}
