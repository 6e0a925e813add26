/* Runs rows of the conformance catalogue on real descriptors, through the core:
 *
 *   rows           all rows, a line each; ends with 1 if one is wrong
 *   rows bench     the time of an epollWait(0), beside a poll(2) of as many descriptors */

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "rows.h"

core_instance* core;
int32_t object;

/* The first thing that was wrong in this row. */
static char complaint[512];

void wrong(int line, const char* format, ...) {
  if (complaint[0] != '\0') return;
  va_list arguments;
  int length = snprintf(complaint, sizeof(complaint), "line %d: ", line);
  va_start(arguments, format);
  vsnprintf(complaint + length, sizeof(complaint) - (size_t) length, format, arguments);
  va_end(arguments);
}

void is(int line, const char* call, int64_t result, int64_t wanted) {
  if (result != wanted) wrong(line, "%s is %" PRId64 ", not %" PRId64, call, result, wanted);
}

void load(void* to, uint32_t address, uint32_t size) {
  const void* from = memory_at(core_memory(core), address, 1, size);
  if (from == NULL) {
    fprintf(stderr, "the core gave an address outside its memory: %u\n", address);
    exit(EXIT_FAILURE);
  }
  memcpy(to, from, size);
}

void store(uint32_t address, const void* from, uint32_t size) {
  void* to = memory_at(core_memory(core), address, 1, size);
  if (to == NULL) {
    fprintf(stderr, "the core gave an address outside its memory: %u\n", address);
    exit(EXIT_FAILURE);
  }
  memcpy(to, from, size);
}

static int32_t loaded(int32_t count, uint32_t address, struct ready_record* out) {
  if (count > 0) load(out, address, (uint32_t) count * sizeof(*out));
  return count;
}

int32_t epoll_wait_once(int32_t handle, double timeout_ms, struct ready_record* out) {
  int32_t error = core_reserveReady(core, CAPACITY);
  if (error < 0) return error;
  int32_t count = core_epollWait(core, handle, CAPACITY, timeout_ms);
  return loaded(count, core_readyStart(core), out);
}

int32_t poll_wait_once(int32_t handle, double timeout_ms, struct ready_record* out) {
  int32_t count = core_pollWait(core, handle, timeout_ms);
  return loaded(count, core_pollReady(core, handle), out);
}

int32_t devpoll_wait_once(int32_t handle, double timeout_ms, struct ready_record* out) {
  int32_t count = core_devpollWait(core, handle, CAPACITY, timeout_ms);
  return loaded(count, core_devpollReady(core, handle), out);
}

static int compare_records(const void* left, const void* right) {
  const struct ready_record* one = left;
  const struct ready_record* other = right;
  return (one->fd > other->fd) - (one->fd < other->fd);
}

static void describe(char* out, size_t size, const struct ready_record* records, size_t count) {
  size_t length = 0;
  out[0] = '\0';
  for (size_t i = 0; i < count && length < size; i++) {
    length += (size_t) snprintf(out + length, size - length, " %d:0x%x", records[i].fd,
                                records[i].mask);
  }
}

void sees(int line, wait_function* wait, int32_t handle, double timeout_ms, size_t count,
          const struct ready_record* wanted) {
  struct ready_record seen[CAPACITY], sorted[CAPACITY] = {{0}};
  char seen_text[120], wanted_text[120];
  int32_t result = wait(handle, timeout_ms, seen);
  if (result < 0) {
    wrong(line, "the wait is %d", result);
    return;
  }
  if (count > 0) memcpy(sorted, wanted, count * sizeof(*wanted));
  qsort(sorted, count, sizeof(*sorted), compare_records);
  qsort(seen, (size_t) result, sizeof(*seen), compare_records);
  if ((size_t) result == count && memcmp(seen, sorted, count * sizeof(*seen)) == 0) return;
  describe(seen_text, sizeof(seen_text), seen, (size_t) result);
  describe(wanted_text, sizeof(wanted_text), sorted, count);
  wrong(line, "%d events:%s, not %zu:%s", result, seen_text, count, wanted_text);
}

/* The descriptors of this row. */
static int open_fds[64];
static size_t open_count;

int owned(int fd) {
  if (fd < 0 || open_count == sizeof(open_fds) / sizeof(open_fds[0])) {
    perror("a descriptor for a row");
    exit(EXIT_FAILURE);
  }
  open_fds[open_count++] = fd;
  return fd;
}

void close_fd(int fd) {
  for (size_t i = 0; i < open_count; i++) {
    if (open_fds[i] != fd) continue;
    open_fds[i] = open_fds[--open_count];
    core_forgetClosed(core, fd);
    close(fd);
    return;
  }
  wrong(__LINE__, "%d is no descriptor of this row", fd);
}

struct pair make_pipe(void) {
  int ends[2];
  if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) < 0) ends[0] = ends[1] = -1;
  return (struct pair) {owned(ends[0]), owned(ends[1])};
}

struct pair make_socketpair(int type) {
  int ends[2];
  if (socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) < 0) ends[0] = ends[1] = -1;
  return (struct pair) {owned(ends[0]), owned(ends[1])};
}

int make_file(int size) {
  int fd = owned(memfd_create("row", MFD_CLOEXEC));
  if (ftruncate(fd, size) < 0) wrong(__LINE__, "ftruncate: %s", strerror(errno));
  return fd;
}

void read_bytes(int fd, int count) {
  char bytes[64];
  ssize_t done = read(fd, bytes, (size_t) count);
  if (done != count) wrong(__LINE__, "read %zd bytes of %d", done, count);
  core_transferred(core, fd, 1, (int32_t) done);
}

void write_bytes(int fd, int count) {
  static const char bytes[64];
  ssize_t done = write(fd, bytes, (size_t) count);
  if (done != count) wrong(__LINE__, "wrote %zd bytes of %d", done, count);
  core_transferred(core, fd, 0, (int32_t) done);
}

void fill(int fd) {
  static const char bytes[4096];
  while (write(fd, bytes, sizeof(bytes)) > 0) continue;
  if (errno != EAGAIN) wrong(__LINE__, "fill: %s", strerror(errno));
  core_transferred(core, fd, 0, OMNIPOLL_TRANSFER_BLOCKED);
}

double now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double) time.tv_sec * 1e3 + (double) time.tv_nsec / 1e6;
}

/* The rows of one API, and its objects. */
struct group {
  const struct row* rows;
  int32_t (*create)(void);
  int32_t (*close)(int32_t handle);
};

static int32_t create_epoll(void) { return core_epollCreate(core, OMNIPOLL_EPOLL_CLOEXEC); }
static int32_t close_epoll(int32_t handle) { return core_epollClose(core, handle); }
static int32_t create_poll(void) { return core_pollCreate(core); }
static int32_t close_poll(int32_t handle) { return core_pollDestroy(core, handle); }
static int32_t create_devpoll(void) { return core_devpollCreate(core); }
static int32_t close_devpoll(int32_t handle) { return core_devpollClose(core, handle); }
static int32_t create_kqueue(void) { return core_kqueueCreate(core); }
static int32_t close_kqueue(int32_t handle) { return core_kqueueClose(core, handle); }
static int32_t no_object(void) { return 0; }
static int32_t close_nothing(int32_t handle) { return handle; }

static const struct group groups[] = {
    {epoll_rows, create_epoll, close_epoll},       {edge_rows, create_epoll, close_epoll},
    {poll_rows, create_poll, close_poll},          {select_rows, no_object, close_nothing},
    {devpoll_rows, create_devpoll, close_devpoll}, {kqueue_rows, create_kqueue, close_kqueue},
    {filter_rows, create_kqueue, close_kqueue},
};

/* A row waits for ever for an event that must come. */
enum { LONGEST_ROW_S = 60 };

static const char* running;

static void hangs(int number) {
  static const char text[] = " wrong: waits for ever\n";
  (void) number;
  ssize_t written = write(STDOUT_FILENO, running, strlen(running));
  if (written > 0) written = write(STDOUT_FILENO, text, strlen(text));
  _exit(EXIT_FAILURE);
}

static bool passes(const struct group* group, const struct row* row) {
  complaint[0] = '\0';
  running = row->number;
  alarm(LONGEST_ROW_S);
  object = group->create();
  if (object < 0) wrong(__LINE__, "no object: %d", object);
  else row->run();
  while (open_count > 0) close_fd(open_fds[open_count - 1]);
  if (object >= 0) IS(group->close(object), 0);
  if (complaint[0] == '\0') printf("%s ok\n", row->number);
  else printf("%s wrong: %s\n", row->number, complaint);
  fflush(stdout);
  return complaint[0] == '\0';
}

/* How many of the rows of a group are wrong. */
static int run(const struct group* group) {
  int count = 0;
  for (const struct row* row = group->rows; row->number != NULL; row++) {
    if (!passes(group, row)) count++;
  }
  return count;
}

static int compare_doubles(const void* left, const void* right) {
  const double* one = left;
  const double* other = right;
  return (*one > *other) - (*one < *other);
}

/* The median of several runs of `each`, in microseconds a call. */
static double time_of(void (*each)(int32_t), int32_t handle) {
  enum { RUNS = 9, CALLS = 20000 };
  double runs[RUNS];
  for (int run = 0; run < RUNS; run++) {
    double begun = now_ms();
    for (int i = 0; i < CALLS; i++) each(handle);
    runs[run] = (now_ms() - begun) * 1e3 / CALLS;
  }
  qsort(runs, RUNS, sizeof(*runs), compare_doubles);
  return runs[RUNS / 2];
}

static void wait_once(int32_t handle) { core_epollWait(core, handle, CAPACITY, 0); }

static void poll_once(int32_t fd) {
  struct pollfd one = {.fd = fd, .events = POLLIN};
  poll(&one, 1, 0);
}

static int bench(void) {
  struct pair pipe = make_pipe();
  int32_t handle = core_epollCreate(core, 0);
  core_reserveReady(core, CAPACITY);
  core_epollControl(core, handle, OMNIPOLL_EPOLL_CTL_ADD, pipe.a, OMNIPOLL_EVENT_IN);
  write_bytes(pipe.b, 1);
  printf("epollWait(0), 1 of 1 ready: %.2f us\n", time_of(wait_once, handle));
  printf("poll(2) of as many: %.2f us\n", time_of(poll_once, pipe.a));
  return core_epollClose(core, handle);
}

int main(int count, char** arguments) {
  signal(SIGPIPE, SIG_IGN);
  signal(SIGALRM, hangs);
  core = open_core();
  if (count > 1 && strcmp(arguments[1], "bench") == 0) return bench();
  int failures = 0;
  for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) failures += run(&groups[i]);
  return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
