/* Rows of epoll: registrations, levels, timeouts, epolls within epolls. */

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "rows-epoll.h"

static void create_flags(void) {
  IS(core_epollCreate(core, 1), -OMNIPOLL_EINVAL);
  IS(core_epollCreate(core, 0x800), -OMNIPOLL_EINVAL);
  int32_t other = core_epollCreate(core, OMNIPOLL_EPOLL_CLOEXEC);
  EXPECT(other > 0);
  IS(core_epollClose(core, other), 0);
  IS(core_epollClose(core, other), OMNIPOLL_ERROR_BAD_HANDLE);
}

static void add_closed(void) {
  struct pair pipe = make_pipe();
  close_fd(pipe.a);
  IS(control(ADD, pipe.a, IN), -OMNIPOLL_EBADF);
  IS(control(ADD, INT32_MAX, IN), -OMNIPOLL_EBADF);
}

static void add_twice(void) {
  struct pair pipe = make_pipe();
  IS(control(ADD, pipe.a, IN), 0);
  IS(control(ADD, pipe.a, 0), -OMNIPOLL_EEXIST);
  write_bytes(pipe.b, 1);
  GETS(EVENT(pipe.a, IN));
}

static void change_unknown(void) {
  struct pair pipe = make_pipe();
  IS(control(MOD, pipe.a, IN), -OMNIPOLL_ENOENT);
  IS(control(DEL, pipe.a, 0), -OMNIPOLL_ENOENT);
}

static void change_closed(void) {
  struct pair pipe = make_pipe();
  IS(control(ADD, pipe.a, IN), 0);
  close_fd(pipe.a);
  IS(control(MOD, pipe.a, IN), -OMNIPOLL_EBADF);
  IS(control(DEL, pipe.a, 0), -OMNIPOLL_EBADF);
}

static void change_reused(void) {
  struct pair old = make_pipe();
  IS(control(ADD, old.a, IN), 0);
  close_fd(old.a);
  struct pair new = make_pipe();
  EXPECT(new.a == old.a);
  IS(control(DEL, new.a, 0), -OMNIPOLL_ENOENT);
  IS(control(ADD, new.a, IN), 0);
  write_bytes(new.b, 1);
  GETS(EVENT(new.a, IN));
}

static void itself(void) {
  int fd = core_epollFileno(core, object);
  IS(control(ADD, fd, IN), -OMNIPOLL_EINVAL);
  IS(control(MOD, fd, IN), -OMNIPOLL_EINVAL);
  IS(control(DEL, fd, 0), -OMNIPOLL_EINVAL);
}

static void not_pollable(void) {
  int file = make_file(3);
  int directory = owned(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  IS(control(ADD, file, IN), -OMNIPOLL_EPERM);
  IS(control(MOD, file, IN), -OMNIPOLL_EPERM);
  IS(control(DEL, file, 0), -OMNIPOLL_EPERM);
  IS(control(ADD, directory, IN), -OMNIPOLL_EPERM);
}

static void unknown_op(void) {
  struct pair pipe = make_pipe();
  IS(control(0, pipe.a, IN), -OMNIPOLL_EINVAL);
  IS(control(4, pipe.a, IN), -OMNIPOLL_EINVAL);
  IS(control(-1, pipe.a, IN), -OMNIPOLL_EINVAL);
  int file = make_file(0);
  IS(control(99, file, IN), -OMNIPOLL_EPERM);
}

static void mask_to_0(void) {
  struct pair pipe = make_pipe();
  IS(control(ADD, pipe.a, IN), 0);
  write_bytes(pipe.b, 1);
  IS(control(MOD, pipe.a, 0), 0);
  NOTHING();
  IS(control(MOD, pipe.a, IN), 0);
  GETS(EVENT(pipe.a, IN));
}

static void removed_while_ready(void) {
  struct pair pipe = make_pipe();
  IS(control(ADD, pipe.a, IN), 0);
  write_bytes(pipe.b, 1);
  IS(control(DEL, pipe.a, 0), 0);
  NOTHING();
}

static void added_again(void) {
  struct pair pipe = make_pipe();
  IS(control(ADD, pipe.a, IN | ET), 0);
  write_bytes(pipe.b, 1);
  GETS(EVENT(pipe.a, IN));
  NOTHING();
  IS(control(DEL, pipe.a, 0), 0);
  IS(control(ADD, pipe.a, IN | ET), 0);
  GETS(EVENT(pipe.a, IN));
}

/* Writes to a descriptor after a while, in another process, which the row waits for. */
static pid_t write_later(int fd) {
  pid_t child = fork();
  if (child != 0) return child;
  usleep(20000);
  _exit(write(fd, "x", 1) == 1 ? 0 : 1);
}

static void for_ever(void) {
  struct pair pipe = make_pipe();
  IS(control(ADD, pipe.a, IN), 0);
  pid_t child = write_later(pipe.b);
  GETS(EVENT(pipe.a, IN));
  EXPECT(waitpid(child, NULL, 0) == child);
}

static void fractions(void) {
  struct ready_record seen[CAPACITY];
  struct pair pipe = make_pipe();
  IS(control(ADD, pipe.a, IN), 0);
  for (double timeout = 0.01; timeout < 30; timeout *= 4) {
    double begun = now_ms();
    IS(epoll_wait_once(object, timeout, seen), 0);
    EXPECT(now_ms() - begun >= timeout);
  }
}

static void subset_of_mask(void) {
  struct pair pipe = make_pipe();
  IS(control(ADD, pipe.a, RDNORM), 0);
  write_bytes(pipe.b, 1);
  GETS(EVENT(pipe.a, RDNORM));
}

static void hup_of_mask_0(void) {
  struct pair pipe = make_pipe();
  IS(control(ADD, pipe.a, 0), 0);
  write_bytes(pipe.b, 1);
  NOTHING();
  close_fd(pipe.b);
  read_bytes(pipe.a, 1);
  GETS(EVENT(pipe.a, HUP));
  GETS(EVENT(pipe.a, HUP));
}

static void flags_not_echoed(void) {
  struct pair one = make_pipe(), other = make_pipe();
  IS(control(ADD, one.a, IN | ET), 0);
  IS(control(ADD, other.a, IN | ONESHOT), 0);
  write_bytes(one.b, 1);
  write_bytes(other.b, 1);
  GETS(EVENT(one.a, IN), EVENT(other.a, IN));
}

static void closed_is_gone(void) {
  struct pair pipe = make_pipe();
  IS(control(ADD, pipe.a, IN), 0);
  write_bytes(pipe.b, 1);
  GETS(EVENT(pipe.a, IN));
  close_fd(pipe.a);
  NOTHING();
}

static void reader_gone(void) {
  struct pair pipe = make_pipe();
  IS(control(ADD, pipe.b, OUT), 0);
  GETS(EVENT(pipe.b, OUT));
  close_fd(pipe.a);
  GETS(EVENT(pipe.b, OUT | ERR));
  IS(control(MOD, pipe.b, 0), 0);
  GETS(EVENT(pipe.b, ERR));
}

static void fresh_socket(void) {
  int fd = owned(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  IS(control(ADD, fd, IN | OUT), 0);
  GETS(EVENT(fd, OUT | HUP));
  GETS(EVENT(fd, OUT | HUP));
}

static void listener(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof(address);
  int fd = owned(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  int client = owned(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT(bind(fd, (struct sockaddr*) &address, length) == 0 && listen(fd, 3) == 0);
  EXPECT(getsockname(fd, (struct sockaddr*) &address, &length) == 0);
  IS(control(ADD, fd, IN | OUT), 0);
  NOTHING();
  EXPECT(connect(client, (struct sockaddr*) &address, length) == 0);
  GETS(EVENT(fd, IN));
}

static void peer_shut(void) {
  struct pair pair = make_socketpair(SOCK_STREAM);
  IS(control(ADD, pair.a, IN | RDHUP), 0);
  NOTHING();
  EXPECT(shutdown(pair.b, SHUT_WR) == 0);
  GETS(EVENT(pair.a, IN | RDHUP));
}

static void own_shutdown(void) {
  struct pair pair = make_socketpair(SOCK_STREAM);
  IS(control(ADD, pair.a, OUT), 0);
  IS(control(ADD, pair.b, IN | RDHUP), 0);
  EXPECT(shutdown(pair.a, SHUT_WR) == 0);
  GETS(EVENT(pair.a, OUT), EVENT(pair.b, IN | RDHUP));
}

static void level_repeats(void) {
  struct pair pipe = make_pipe();
  IS(control(ADD, pipe.a, IN), 0);
  IS(control(ADD, pipe.b, OUT), 0);
  write_bytes(pipe.b, 2);
  GETS(EVENT(pipe.a, IN), EVENT(pipe.b, OUT));
  read_bytes(pipe.a, 1);
  GETS(EVENT(pipe.a, IN), EVENT(pipe.b, OUT));
  read_bytes(pipe.a, 1);
  GETS(EVENT(pipe.b, OUT));
}

static void exclusive_companions(void) {
  struct pair pipe = make_pipe();
  IS(control(ADD, pipe.a, EXCLUSIVE | RDHUP), -OMNIPOLL_EINVAL);
  IS(control(ADD, pipe.a, EXCLUSIVE | RDNORM), -OMNIPOLL_EINVAL);
  IS(control(ADD, pipe.a, EXCLUSIVE | ONESHOT), -OMNIPOLL_EINVAL);
  IS(control(MOD, pipe.a, EXCLUSIVE | IN), -OMNIPOLL_EINVAL);
  IS(control(ADD, pipe.a, EXCLUSIVE | IN | ET), 0);
}

static void capped(void) {
  struct pair pipes[3];
  for (int i = 0; i < 3; i++) {
    pipes[i] = make_pipe();
    IS(control(ADD, pipes[i].a, IN), 0);
    write_bytes(pipes[i].b, 1);
  }
  IS(core_reserveReady(core, CAPACITY), 0);
  IS(core_epollWait(core, object, 2, 0), 2);
  GETS(EVENT(pipes[0].a, IN), EVENT(pipes[1].a, IN), EVENT(pipes[2].a, IN));
}

static volatile sig_atomic_t signal_count;

static void count_signal(int number) {
  (void) number;
  signal_count++;
}

/* The host returns EINTR, the core waits for the rest of the time (PEP 475). */
static void signals(void) {
  struct ready_record seen[CAPACITY];
  struct sigaction action = {.sa_handler = count_signal}, before;
  struct sigevent signalled = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
  struct itimerspec often = {{0, 3000000}, {0, 3000000}};
  timer_t timer;
  struct pair pipe = make_pipe();
  IS(control(ADD, pipe.a, IN), 0);
  signal_count = 0;
  EXPECT(sigaction(SIGUSR1, &action, &before) == 0);
  EXPECT(timer_create(CLOCK_MONOTONIC, &signalled, &timer) == 0);
  EXPECT(timer_settime(timer, 0, &often, NULL) == 0);
  double begun = now_ms();
  IS(epoll_wait_once(object, 40, seen), 0);
  EXPECT(now_ms() - begun >= 40);
  EXPECT(timer_delete(timer) == 0 && sigaction(SIGUSR1, &before, NULL) == 0);
  EXPECT(signal_count > 0);
}

/* An epoll in the one of the row, with a pipe that is registered with `mask`; data is in the
 * pipe. */
static int32_t inner_epoll(uint32_t mask, struct pair* out) {
  int32_t inner = core_epollCreate(core, 0);
  *out = make_pipe();
  IS(core_epollControl(core, inner, ADD, out->a, mask), 0);
  IS(control(ADD, core_epollFileno(core, inner), IN | OUT), 0);
  NOTHING();
  write_bytes(out->b, 1);
  return inner;
}

static void epoll_in_epoll(void) {
  struct pair pipe;
  int32_t inner = inner_epoll(IN, &pipe);
  GETS(EVENT(core_epollFileno(core, inner), IN));
  read_bytes(pipe.a, 1);
  NOTHING();
  IS(core_epollClose(core, inner), 0);
}

static void inner_level(void) {
  struct pair pipe;
  int32_t inner = inner_epoll(IN, &pipe);
  SEES(epoll_wait_once, inner, -1, EVENT(pipe.a, IN));
  GETS(EVENT(core_epollFileno(core, inner), IN));
  IS(core_epollClose(core, inner), 0);
}

static void inner_edge(void) {
  struct pair pipe;
  int32_t inner = inner_epoll(IN | ET, &pipe);
  GETS(EVENT(core_epollFileno(core, inner), IN));
  SEES(epoll_wait_once, inner, -1, EVENT(pipe.a, IN));
  NOTHING();
  IS(core_epollClose(core, inner), 0);
}

static void inner_oneshot(void) {
  struct pair pipe;
  int32_t inner = inner_epoll(IN | ONESHOT, &pipe);
  SEES(epoll_wait_once, inner, -1, EVENT(pipe.a, IN));
  NOTHING();
  IS(core_epollClose(core, inner), 0);
}

static void inner_closed(void) {
  struct pair pipe;
  int32_t inner = inner_epoll(IN, &pipe);
  IS(core_epollClose(core, inner), 0);
  NOTHING();
}

static void cycle(void) {
  int32_t other = core_epollCreate(core, 0);
  IS(control(ADD, core_epollFileno(core, other), IN), 0);
  int fd = core_epollFileno(core, object);
  IS(core_epollControl(core, other, ADD, fd, IN), -OMNIPOLL_ELOOP);
  IS(core_epollClose(core, other), 0);
}

const struct row epoll_rows[] = {
    {"EPO-022", create_flags},
    {"EPO-032", add_closed},
    {"EPO-033", add_twice},
    {"EPO-034", change_unknown},
    {"EPO-035", change_closed},
    {"EPO-036", change_reused},
    {"EPO-037", itself},
    {"EPO-038", not_pollable},
    {"EPO-043", unknown_op},
    {"EPO-047", mask_to_0},
    {"EPO-048", removed_while_ready},
    {"EPO-049", added_again},
    {"EPO-052", for_ever},
    {"EPO-071", fractions},
    {"EPO-073", subset_of_mask},
    {"EPO-074", hup_of_mask_0},
    {"EPO-075", flags_not_echoed},
    {"EPO-080", reader_gone},
    {"EPO-082", fresh_socket},
    {"EPO-083", listener},
    {"EPO-086", peer_shut},
    {"EPO-088", own_shutdown},
    {"EPO-102", level_repeats},
    {"EPO-139", exclusive_companions},
    {"EPO-147", capped},
    {"EPO-160", signals},
    {"EPO-162", closed_is_gone},
    {"EPO-172", epoll_in_epoll},
    {"EPO-173", inner_level},
    {"EPO-174", inner_edge},
    {"EPO-175", inner_oneshot},
    {"EPO-177", inner_closed},
    {"EPO-178", cycle},
    {NULL, NULL},
};
