/* Rows of poll, select and devpoll. */

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rows.h"

#define IN OMNIPOLL_EVENT_IN
#define PRI OMNIPOLL_EVENT_PRI
#define OUT OMNIPOLL_EVENT_OUT
#define ERR OMNIPOLL_EVENT_ERR
#define HUP OMNIPOLL_EVENT_HUP
#define NVAL OMNIPOLL_EVENT_NVAL
#define RDNORM OMNIPOLL_EVENT_RDNORM
#define WRNORM OMNIPOLL_EVENT_WRNORM
#define RDHUP OMNIPOLL_EVENT_RDHUP
#define REMOVE OMNIPOLL_POLL_REMOVE

#define NOTHING() SEES_NOTHING(poll_wait_once, object)
#define GETS(...) SEES(poll_wait_once, object, -1, __VA_ARGS__)

static int32_t watch(int fd, uint32_t mask) { return core_pollRegister(core, object, fd, mask); }

static void registered_twice(void) {
  struct ready_record seen[CAPACITY];
  struct pair pipe = make_pipe(), other = make_pipe();
  IS(watch(pipe.b, IN), 0);
  IS(watch(other.b, OUT), 0);
  IS(watch(pipe.b, OUT), 0);
  GETS(EVENT(pipe.b, OUT), EVENT(other.b, OUT));
  IS(poll_wait_once(object, 0, seen), 2);
  IS(seen[0].fd, pipe.b);
}

static void not_registered(void) {
  struct pair pipe = make_pipe();
  IS(core_pollUnregister(core, object, pipe.a), OMNIPOLL_ERROR_NOT_REGISTERED);
  IS(core_pollModify(core, object, pipe.a, IN), OMNIPOLL_ERROR_NOT_REGISTERED);
}

static void order_of_registration(void) {
  struct ready_record seen[CAPACITY];
  struct pair first = make_pipe(), second = make_pipe(), third = make_pipe();
  IS(watch(third.b, OUT), 0);
  IS(watch(first.b, OUT), 0);
  IS(watch(second.b, OUT), 0);
  IS(core_pollUnregister(core, object, third.b), 0);
  IS(watch(third.b, OUT), 0);
  IS(poll_wait_once(object, 0, seen), 3);
  EXPECT(seen[0].fd == first.b && seen[1].fd == second.b && seen[2].fd == third.b);
}

static void closed(void) {
  struct pair pipe = make_pipe();
  IS(watch(pipe.a, IN), 0);
  IS(watch(pipe.b, OUT), 0);
  close_fd(pipe.a);
  GETS(EVENT(pipe.a, NVAL), EVENT(pipe.b, OUT | ERR));
  GETS(EVENT(pipe.a, NVAL), EVENT(pipe.b, OUT | ERR));
}

static void closed_with_any_mask(void) {
  struct pair pipe = make_pipe();
  close_fd(pipe.a);
  for (uint32_t mask = 0; mask <= (IN | PRI | OUT); mask++) {
    IS(watch(pipe.a, mask), 0);
    GETS(EVENT(pipe.a, NVAL));
  }
}

static void mask_0(void) {
  struct pair pipe = make_pipe();
  IS(watch(pipe.a, 0), 0);
  NOTHING();
  close_fd(pipe.b);
  GETS(EVENT(pipe.a, HUP));
}

static void only_what_was_asked(void) {
  struct pair pipe = make_pipe();
  write_bytes(pipe.b, 1);
  IS(watch(pipe.a, RDNORM), 0);
  GETS(EVENT(pipe.a, RDNORM));
  IS(watch(pipe.a, IN), 0);
  GETS(EVENT(pipe.a, IN));
}

static void empty_pipe(void) {
  struct pair pipe = make_pipe();
  IS(watch(pipe.a, IN | RDNORM), 0);
  IS(watch(pipe.b, OUT | WRNORM), 0);
  GETS(EVENT(pipe.b, OUT | WRNORM));
}

static void writer_closed(void) {
  struct pair pipe = make_pipe();
  IS(watch(pipe.a, IN | RDNORM), 0);
  write_bytes(pipe.b, 1);
  close_fd(pipe.b);
  GETS(EVENT(pipe.a, IN | HUP | RDNORM));
  read_bytes(pipe.a, 1);
  GETS(EVENT(pipe.a, HUP));
}

static void reader_closed(void) {
  struct pair pipe = make_pipe();
  IS(watch(pipe.b, OUT | WRNORM), 0);
  close_fd(pipe.a);
  GETS(EVENT(pipe.b, OUT | ERR | WRNORM));
}

static void wrong_direction(void) {
  struct pair pipe = make_pipe();
  IS(watch(pipe.a, OUT), 0);
  IS(watch(pipe.b, IN), 0);
  NOTHING();
}

/* Sends a byte after a while from another process, which the row waits for. */
static pid_t write_later(int fd) {
  pid_t child = fork();
  if (child != 0) return child;
  usleep(20000);
  _exit(write(fd, "x", 1) == 1 ? 0 : 1);
}

static void woken(void) {
  struct pair pipe = make_pipe();
  IS(watch(pipe.a, IN), 0);
  pid_t child = write_later(pipe.b);
  GETS(EVENT(pipe.a, IN));
  EXPECT(waitpid(child, NULL, 0) == child);
}

static void level(void) {
  struct pair pipe = make_pipe();
  IS(watch(pipe.a, IN), 0);
  write_bytes(pipe.b, 2);
  GETS(EVENT(pipe.a, IN));
  GETS(EVENT(pipe.a, IN));
  read_bytes(pipe.a, 2);
  NOTHING();
}

static void files(void) {
  int file = make_file(3);
  int directory = owned(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  IS(watch(file, IN | OUT), 0);
  IS(watch(directory, IN), 0);
  GETS(EVENT(file, IN | OUT), EVENT(directory, IN));
}

static void peer_shut(void) {
  struct pair pair = make_socketpair(SOCK_STREAM);
  EXPECT(shutdown(pair.b, SHUT_WR) == 0);
  IS(watch(pair.a, IN), 0);
  GETS(EVENT(pair.a, IN));
  IS(watch(pair.a, IN | RDHUP), 0);
  GETS(EVENT(pair.a, IN | RDHUP));
}

const struct row poll_rows[] = {
    {"POL-08", registered_twice},
    {"POL-10", not_registered},
    {"POL-17", order_of_registration},
    {"POL-33", closed},
    {"POL-34", closed_with_any_mask},
    {"POL-37", mask_0},
    {"POL-39", only_what_was_asked},
    {"POL-42", empty_pipe},
    {"POL-44", writer_closed},
    {"POL-45", reader_closed},
    {"POL-46", wrong_direction},
    {"POL-47", woken},
    {"POL-49", level},
    {"POL-50", files},
    {"POL-61", peer_shut},
    {NULL, NULL},
};

/* select() of three lists, each of at most 4 descriptors. */
struct lists {
  int32_t fds[3][4];
  uint32_t counts[3];
};

/* Waits, and leaves the positions of the ready entries in the lists. */
static int32_t wait_for(struct lists* lists, double timeout_ms) {
  uint32_t* counts = lists->counts;
  uint32_t start = core_selectBegin(core, counts[0], counts[1], counts[2]);
  uint32_t at = start;
  for (int list = 0; list < 3; list++) {
    if (counts[list] > 0) store(at, lists->fds[list], counts[list] * 4);
    at += counts[list] * 4;
  }
  int32_t ready = core_selectWait(core, timeout_ms);
  at = start;
  for (int list = 0; list < 3; list++) {
    counts[list] = (uint32_t) core_selectReady(core, list);
    if (counts[list] > 0) load(lists->fds[list], at, counts[list] * 4);
    at += counts[list] * 4;
  }
  return ready;
}

/* Which of the three lists have a descriptor that is in all of them. */
static void in_lists(int line, int fd, uint32_t readable, uint32_t writable) {
  struct lists lists = {{{fd}, {fd}, {fd}}, {1, 1, 1}};
  int32_t ready = wait_for(&lists, 0);
  if (ready == (int32_t) (readable + writable) && lists.counts[0] == readable &&
      lists.counts[1] == writable && lists.counts[2] == 0) {
    return;
  }
  wrong(line, "select() is %d: [%u,%u,%u]", ready, lists.counts[0], lists.counts[1],
        lists.counts[2]);
}

#define LISTS_OF(fd, readable, writable) in_lists(__LINE__, fd, readable, writable)

static void duplicates(void) {
  struct pair pipe = make_pipe();
  struct lists lists = {{{pipe.a}, {pipe.b, pipe.b}, {0}}, {1, 2, 0}};
  IS(wait_for(&lists, -1), 2);
  EXPECT(lists.counts[0] == 0 && lists.counts[1] == 2);
  EXPECT(lists.fds[1][0] == 0 && lists.fds[1][1] == 1);
}

static void empty_lists(void) {
  struct lists lists = {{{0}}, {0, 0, 0}};
  double begun = now_ms();
  IS(wait_for(&lists, 20), 0);
  EXPECT(now_ms() - begun >= 20);
}

static void closed_is_an_error(void) {
  struct pair pipe = make_pipe(), other = make_pipe();
  close_fd(pipe.a);
  struct lists lists = {{{0}, {other.b}, {pipe.a}}, {0, 1, 1}};
  IS(wait_for(&lists, 0), -OMNIPOLL_EBADF);
  IS(core_selectClosed(core), pipe.a);
}

static void end_of_pipe(void) {
  struct pair pipe = make_pipe();
  LISTS_OF(pipe.a, 0, 0);
  close_fd(pipe.b);
  LISTS_OF(pipe.a, 1, 0);
}

static void full_pipe(void) {
  struct pair pipe = make_pipe();
  LISTS_OF(pipe.b, 0, 1);
  fill(pipe.b);
  LISTS_OF(pipe.b, 0, 0);
  close_fd(pipe.a);
  LISTS_OF(pipe.b, 1, 1);
}

static void fresh_socket(void) {
  int fd = owned(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  LISTS_OF(fd, 1, 1);
}

static void always_ready(void) {
  int file = make_file(0);
  LISTS_OF(file, 1, 1);
}

static void woken_in_select(void) {
  struct pair pipe = make_pipe();
  pid_t child = write_later(pipe.b);
  struct lists lists = {{{pipe.a}, {0}, {pipe.a}}, {1, 0, 1}};
  IS(wait_for(&lists, -1), 1);
  EXPECT(lists.counts[0] == 1 && lists.counts[2] == 0);
  EXPECT(waitpid(child, NULL, 0) == child);
}

const struct row select_rows[] = {
    {"SEL-04", duplicates},   {"SEL-31", empty_lists},  {"SEL-32", closed_is_an_error},
    {"SEL-37", end_of_pipe},  {"SEL-39", full_pipe},    {"SEL-40", fresh_socket},
    {"SEL-44", always_ready}, {"SEL-54", woken_in_select}, {NULL, NULL},
};

static int32_t add(int fd, uint32_t mask) { return core_devpollWrite(core, object, fd, mask); }

#define DEVPOLL_GETS(...) SEES(devpoll_wait_once, object, -1, __VA_ARGS__)

static void masks_add_up(void) {
  struct pair pair = make_socketpair(SOCK_STREAM);
  IS(add(pair.a, IN), 0);
  IS(add(pair.a, OUT), 0);
  write_bytes(pair.b, 1);
  DEVPOLL_GETS(EVENT(pair.a, IN | OUT));
}

static void removing_unknown(void) {
  struct pair pipe = make_pipe();
  IS(add(pipe.a, REMOVE), 0);
  IS(add(pipe.b, OUT), 0);
  IS(add(pipe.b, REMOVE), 0);
  SEES_NOTHING(devpoll_wait_once, object);
}

static void ascending(void) {
  struct ready_record seen[CAPACITY];
  struct pair pairs[2] = {make_pipe(), make_pipe()};
  int low = pairs[0].b < pairs[1].b ? pairs[0].b : pairs[1].b;
  int high = pairs[0].b < pairs[1].b ? pairs[1].b : pairs[0].b;
  IS(add(high, OUT), 0);
  IS(add(low, OUT), 0);
  IS(devpoll_wait_once(object, 0, seen), 2);
  EXPECT(seen[0].fd == low && seen[1].fd == high);
  IS(core_devpollWait(core, object, 1, 0), 1);
  IS(devpoll_wait_once(object, 0, seen), 2);
  EXPECT(seen[0].fd == high && seen[1].fd == low);
}

static void closed_until_removed(void) {
  struct pair pipe = make_pipe();
  IS(add(pipe.a, IN), 0);
  close_fd(pipe.a);
  DEVPOLL_GETS(EVENT(pipe.a, NVAL));
  DEVPOLL_GETS(EVENT(pipe.a, NVAL));
  IS(add(pipe.a, REMOVE), 0);
  SEES_NOTHING(devpoll_wait_once, object);
}

const struct row devpoll_rows[] = {
    {"DEV-10", masks_add_up},
    {"DEV-13", removing_unknown},
    {"DEV-26", ascending},
    {"DEV-29", closed_until_removed},
    {NULL, NULL},
};
