/* The raw C loops that omnipoll is compared with, and a second thread that sleeps: in a process of
 * several threads, such as Node's, Linux takes a reference to the file of each descriptor. With
 * `--threads 1` there is no second thread.
 *
 * The program first prints the name and version of its compiler. Then it answers commands on stdin,
 * a line each: `prepare CASE [ARGUMENT…]` with `ok` or `skip REASON`, `run CALLS` with the
 * nanoseconds that the calls took, `finish` with `ok`. Every loop adds up the events that it gets,
 * so that the compiler cannot leave the loop out. */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>

/* Events of one epoll_wait, as many as epoll.poll() asks for. */
#define EVENTS 1023
/* Descriptors that are registered together and removed together, to time each step alone. */
#define POOL 64
/* Writing ends get numbers from here on, so that reading ends lie below FD_SETSIZE. */
#define WRITERS 1100
#define MOST 16384

typedef struct {
  const char* name;
  /* Returns NULL, or the reason why the case cannot run. */
  const char* (*prepare)(int, int, int);
  uint64_t (*run)(long calls);
} Case;

static int readers[MOST], writers[MOST], pipes;
static int index_of[65536];
static int epfd = -1;
static struct epoll_event events[EVENTS];
static struct pollfd records[MOST];
static fd_set wanted;
static int highest;
static int active, writes;
static volatile uint64_t sum;

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t) time.tv_sec * 1000000000 + (uint64_t) time.tv_nsec;
}

static const char* make_pipes(int count) {
  if (count > MOST) return "too many descriptors";
  for (pipes = 0; pipes < count; pipes++) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) return strerror(errno);
    readers[pipes] = ends[0];
    writers[pipes] = fcntl(ends[1], F_DUPFD_CLOEXEC, WRITERS);
    close(ends[1]);
    if (writers[pipes] < 0) {
      close(ends[0]);
      return strerror(errno);
    }
    index_of[ends[0]] = pipes;
    if (ends[0] > highest) highest = ends[0];
  }
  return NULL;
}

/* `ready` of the first `count` pipes get a byte; a single one is in the middle. */
static void make_ready(int ready, int count) {
  for (int i = 0; i < ready; i++) {
    if (write(writers[ready == 1 ? count / 2 : i], "x", 1) != 1) abort();
  }
}

static void control(int op, int fd, uint32_t mask) {
  struct epoll_event event = {.events = mask, .data.fd = fd};
  if (epoll_ctl(epfd, op, fd, &event) < 0) abort();
}

static void finish(void) {
  for (int i = 0; i < pipes; i++) {
    close(readers[i]);
    close(writers[i]);
  }
  if (epfd >= 0) close(epfd);
  epfd = -1;
  pipes = highest = 0;
  FD_ZERO(&wanted);
}

/* epoll READY REGISTERED: epoll_wait(0) */

static const char* prepare_epoll(int ready, int registered, int pool) {
  const char* failure = make_pipes(registered + pool);
  if (failure != NULL) return failure;
  epfd = epoll_create1(EPOLL_CLOEXEC);
  for (int i = 0; i < registered; i++) control(EPOLL_CTL_ADD, readers[i], EPOLLIN);
  make_ready(ready, registered);
  return NULL;
}

static uint64_t run_epoll(long calls) {
  uint64_t start = now(), seen = 0;
  for (long call = 0; call < calls; call++) {
    int ready = epoll_wait(epfd, events, EVENTS, 0);
    for (int i = 0; i < ready; i++) seen += (uint32_t) events[i].data.fd + events[i].events;
  }
  sum += seen;
  return now() - start;
}

/* kqueue READY REGISTERED: epoll_wait(0), and FIONREAD for each event */

static const char* prepare_kqueue(int ready, int registered, int c) {
  (void) c;
  const char* failure = make_pipes(registered);
  if (failure != NULL) return failure;
  epfd = epoll_create1(EPOLL_CLOEXEC);
  for (int i = 0; i < registered; i++) control(EPOLL_CTL_ADD, readers[i], EPOLLIN | EPOLLRDHUP);
  make_ready(ready, registered);
  return NULL;
}

static uint64_t run_kqueue(long calls) {
  uint64_t start = now(), seen = 0;
  for (long call = 0; call < calls; call++) {
    int ready = epoll_wait(epfd, events, EVENTS, 0);
    for (int i = 0; i < ready; i++) {
      int bytes = 0;
      if (ioctl(events[i].data.fd, FIONREAD, &bytes) < 0) abort();
      seen += (uint32_t) events[i].data.fd + (uint32_t) bytes;
    }
  }
  sum += seen;
  return now() - start;
}

/* epoll-modify REGISTERED, epoll-register REGISTERED, epoll-unregister REGISTERED: epoll_ctl() */

static const char* prepare_modify(int registered, int b, int c) {
  (void) b, (void) c;
  return prepare_epoll(0, registered, 0);
}

static uint64_t run_modify(long calls) {
  uint64_t start = now();
  int fd = readers[pipes / 2];
  for (long call = 0; call < calls; call++) {
    control(EPOLL_CTL_MOD, fd, call & 1 ? EPOLLIN : EPOLLIN | EPOLLPRI);
  }
  return now() - start;
}

static const char* prepare_register(int registered, int b, int c) {
  (void) b, (void) c;
  return prepare_epoll(0, registered, POOL);
}

/* Times the registrations (`adding`) or the removals of the last POOL descriptors. */
static uint64_t run_pool(long calls, bool adding) {
  uint64_t spent = 0;
  const int* pool = readers + pipes - POOL;
  for (long call = 0; call < calls; call += POOL) {
    uint64_t start = now();
    for (int i = 0; i < POOL; i++) control(EPOLL_CTL_ADD, pool[i], EPOLLIN);
    uint64_t middle = now();
    for (int i = 0; i < POOL; i++) control(EPOLL_CTL_DEL, pool[i], 0);
    spent += adding ? middle - start : now() - middle;
  }
  return spent;
}

static uint64_t run_register(long calls) {
  return run_pool(calls, true);
}

static uint64_t run_unregister(long calls) {
  return run_pool(calls, false);
}

/* poll READY REGISTERED: poll(0), the reference for select() too */

static const char* prepare_poll(int ready, int registered, int c) {
  (void) c;
  const char* failure = make_pipes(registered);
  if (failure != NULL) return failure;
  for (int i = 0; i < registered; i++) records[i] = (struct pollfd){readers[i], POLLIN, 0};
  make_ready(ready, registered);
  return NULL;
}

static uint64_t run_poll(long calls) {
  uint64_t start = now(), seen = 0;
  for (long call = 0; call < calls; call++) {
    int ready = poll(records, (nfds_t) pipes, 0);
    for (int i = 0; ready > 0; i++) {
      if (records[i].revents == 0) continue;
      seen += (uint32_t) records[i].fd + (uint32_t) records[i].revents;
      ready--;
    }
  }
  sum += seen;
  return now() - start;
}

/* select READY REGISTERED: select(0) */

static const char* want_all(void) {
  if (highest >= FD_SETSIZE) return "select() of C ends at descriptor 1023";
  FD_ZERO(&wanted);
  for (int i = 0; i < pipes; i++) FD_SET(readers[i], &wanted);
  return NULL;
}

static const char* prepare_select(int ready, int registered, int c) {
  const char* failure = prepare_poll(ready, registered, c);
  return failure != NULL ? failure : want_all();
}

static uint64_t run_select(long calls) {
  uint64_t start = now(), seen = 0;
  for (long call = 0; call < calls; call++) {
    fd_set set = wanted;
    struct timeval none = {0, 0};
    int ready = select(highest + 1, &set, NULL, NULL, &none);
    for (int i = 0; ready > 0; i++) {
      if (!FD_ISSET(readers[i], &set)) continue;
      seen += (uint32_t) readers[i];
      ready--;
    }
  }
  sum += seen;
  return now() - start;
}

/* libevent-MECHANISM PIPES ACTIVE WRITES: libevent's test/bench.c (Niels Provos, 2003) without
 * libevent. A run writes a byte to `active` pipes. For each byte that the run reads, it writes a
 * byte to the next pipe, until it has made `writes` such writes. A call is one run, with the new
 * registration of all pipes. */

static int written, fired, taken;

static void propagate(int fd) {
  char byte;
  if (read(fd, &byte, 1) != 1) abort();
  taken++;
  if (written == 0) return;
  written--;
  fired++;
  if (write(writers[(index_of[fd] + 1) % pipes], "e", 1) != 1) abort();
}

static void dispatch_epoll(void) {
  int ready = epoll_wait(epfd, events, EVENTS, 0);
  for (int i = 0; i < ready; i++) propagate(events[i].data.fd);
}

static void dispatch_poll(void) {
  int ready = poll(records, (nfds_t) pipes, 0);
  for (int i = 0; ready > 0; i++) {
    if (records[i].revents == 0) continue;
    propagate(records[i].fd);
    ready--;
  }
}

static void dispatch_select(void) {
  fd_set set = wanted;
  struct timeval none = {0, 0};
  int ready = select(highest + 1, &set, NULL, NULL, &none);
  for (int i = 0; ready > 0; i++) {
    if (!FD_ISSET(readers[i], &set)) continue;
    propagate(readers[i]);
    ready--;
  }
}

static uint64_t run_libevent(long calls, void (*set_up)(void), void (*dispatch)(void)) {
  uint64_t start = now();
  for (long call = 0; call < calls; call++) {
    set_up();
    dispatch();
    for (fired = 0; fired < active; fired++) {
      if (write(writers[fired * (pipes / active)], "e", 1) != 1) abort();
    }
    taken = 0;
    written = writes;
    do {
      dispatch();
    } while (taken != fired);
  }
  return now() - start;
}

static void set_up_epoll(void) {
  for (int i = 0; i < pipes; i++) {
    control(EPOLL_CTL_DEL, readers[i], 0);
    control(EPOLL_CTL_ADD, readers[i], EPOLLIN);
  }
}

static void set_up_poll(void) {
  for (int i = 0; i < pipes; i++) records[i] = (struct pollfd){readers[i], POLLIN, 0};
}

static void set_up_select(void) {
  want_all();
}

static const char* prepare_libevent_epoll(int count, int active_count, int write_count) {
  active = active_count;
  writes = write_count;
  return prepare_epoll(0, count, 0);
}

static const char* prepare_libevent_poll(int count, int active_count, int write_count) {
  active = active_count;
  writes = write_count;
  return prepare_poll(0, count, 0);
}

static const char* prepare_libevent_select(int count, int active_count, int write_count) {
  active = active_count;
  writes = write_count;
  return prepare_select(0, count, 0);
}

static uint64_t run_libevent_epoll(long calls) {
  return run_libevent(calls, set_up_epoll, dispatch_epoll);
}

static uint64_t run_libevent_poll(long calls) {
  return run_libevent(calls, set_up_poll, dispatch_poll);
}

static uint64_t run_libevent_select(long calls) {
  return run_libevent(calls, set_up_select, dispatch_select);
}

static const Case cases[] = {
    {"epoll", prepare_epoll, run_epoll},
    {"kqueue", prepare_kqueue, run_kqueue},
    {"epoll-modify", prepare_modify, run_modify},
    {"epoll-register", prepare_register, run_register},
    {"epoll-unregister", prepare_register, run_unregister},
    {"poll", prepare_poll, run_poll},
    {"select", prepare_select, run_select},
    {"libevent-epoll", prepare_libevent_epoll, run_libevent_epoll},
    {"libevent-poll", prepare_libevent_poll, run_libevent_poll},
    {"libevent-select", prepare_libevent_select, run_libevent_select},
};

static const Case* find_case(const char* name) {
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    if (strcmp(cases[i].name, name) == 0) return &cases[i];
  }
  return NULL;
}

static void* sleep_for_ever(void* unused) {
  (void) unused;
  while (pause() != 0) continue;
  return NULL;
}

int main(int argc, char** argv) {
  bool alone = argc == 3 && strcmp(argv[1], "--threads") == 0 && strcmp(argv[2], "1") == 0;
  pthread_t sleeper;
  if (!alone && pthread_create(&sleeper, NULL, sleep_for_ever, NULL) != 0) return 1;

  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max < 65536 ? limit.rlim_max : 65536;
  setrlimit(RLIMIT_NOFILE, &limit);

#ifdef __clang__
  printf("%s\n", __VERSION__);
#else
  printf("gcc %s\n", __VERSION__);
#endif
  fflush(stdout);

  char line[256];
  const Case* current = NULL;
  while (fgets(line, sizeof(line), stdin) != NULL) {
    char name[32];
    int a = 0, b = 0, c = 0;
    long calls = 0;
    if (sscanf(line, "prepare %31s %d %d %d", name, &a, &b, &c) >= 1) {
      current = find_case(name);
      const char* failure = current == NULL ? "no such case" : current->prepare(a, b, c);
      if (failure != NULL) {
        finish();
        printf("skip %s\n", failure);
      } else {
        puts("ok");
      }
    } else if (sscanf(line, "run %ld", &calls) == 1 && current != NULL) {
      printf("%llu\n", (unsigned long long) current->run(calls));
    } else {
      finish();
      puts("ok");
    }
    fflush(stdout);
  }
  return 0;
}
