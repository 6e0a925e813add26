/* What is special about epoll in a guest, one row each. Expected values: epoll(7), epoll_ctl(2),
 * epoll_wait(2), fs/eventpoll.c.
 *
 *   epoll-checks FILE    the number of a regular file */

#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/event.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <wasi/libc.h>

#include "check.h"

static int file;

static int add(int ep, int fd, uint32_t events, uint64_t data) {
  struct epoll_event event = {.events = events, .data = {.u64 = data}};
  return epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event);
}

static int modify(int ep, int fd, uint32_t events, uint64_t data) {
  struct epoll_event event = {.events = events, .data = {.u64 = data}};
  return epoll_ctl(ep, EPOLL_CTL_MOD, fd, &event);
}

/* The events that are there, as one number: the number of events, and the bits of the first. */
static int now(int ep) {
  struct epoll_event got[8];
  memset(got, 0, sizeof got);
  int count = epoll_wait(ep, got, 8, 0);
  return count < 0 ? -1 : (int)(got[0].events << 8) + count;
}
#define GOT(count, events) (((events) << 8) + (count))

static void layout_is_not_packed(void) {
  EXPECT(sizeof(struct epoll_event) == 16);
  EXPECT(offsetof(struct epoll_event, data) == 8);
  int p[2], ep = epoll_create1(EPOLL_CLOEXEC);
  open_pair(p);
  EXPECT(add(ep, p[0], EPOLLOUT, 1) == 0);
  EXPECT(add(ep, p[1], EPOLLOUT, 2) == 0);
  struct epoll_event got[3];
  memset(got, 0xa5, sizeof got);
  EXPECT(epoll_wait(ep, got, 2, 1000) == 2);
  EXPECT(got[0].events == EPOLLOUT && got[1].events == EPOLLOUT);
  EXPECT(got[0].data.u64 + got[1].data.u64 == 3);
  EXPECT(got[2].events == 0xa5a5a5a5u && got[2].data.u64 == 0xa5a5a5a5a5a5a5a5u);
  close_pair(p);
  close(ep);
}

static void errors_have_the_numbers_of_wasi(void) {
  int p[2], ep = epoll_create(1);
  open_pair(p);
  EXPECT(add(ep, p[0], EPOLLIN, 0) == 0);
  FAILS(add(ep, p[0], EPOLLIN, 0), EEXIST);
  FAILS(modify(ep, p[1], EPOLLIN, 0), ENOENT);
  FAILS(epoll_ctl(ep, EPOLL_CTL_DEL, p[1], NULL), ENOENT);
  FAILS(add(ep, 1000, EPOLLIN, 0), EBADF);
  FAILS(add(-1, p[0], EPOLLIN, 0), EBADF);
  FAILS(add(ep, ep, EPOLLIN, 0), EINVAL);
  FAILS(add(p[0], p[1], EPOLLIN, 0), EINVAL);
  FAILS(epoll_ctl(ep, 7, p[0], &(struct epoll_event){0}), EINVAL);
  FAILS(add(ep, file, EPOLLIN, 0), EPERM);
  FAILS(epoll_create(0), EINVAL);
  FAILS(epoll_create1(EPOLL_CLOEXEC | 1), EINVAL);
  EXPECT(EEXIST == 20 && ENOENT == 44 && EBADF == 8 && EINVAL == 28 && EPERM == 63);
  close_pair(p);
  close(ep);
}

static void wait_refuses_bad_arguments(void) {
  int p[2], ep = epoll_create1(0);
  struct epoll_event got[2];
  open_pair(p);
  FAILS(epoll_wait(ep, got, 0, 0), EINVAL);
  FAILS(epoll_wait(ep, got, -1, 0), EINVAL);
  FAILS(epoll_wait(ep, got, 0x7fffffff, 0), EINVAL);
  FAILS(epoll_wait(p[0], got, 2, 0), EINVAL);
  FAILS(epoll_wait(file, got, 2, 0), EINVAL);
  FAILS(epoll_wait(1000, got, 2, 0), EBADF);
  close_pair(p);
  close(ep);
}

static void pointers_outside_the_memory_are_faults(void) {
  int p[2], ep = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLOUT};
  open_pair(p);
  FAILS(epoll_ctl(ep, EPOLL_CTL_ADD, p[0], NULL), EFAULT);
  FAILS(epoll_ctl(ep, EPOLL_CTL_ADD, p[0], OUTSIDE), EFAULT);
  EXPECT(epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &event) == 0);
  FAILS(epoll_wait(ep, OUTSIDE, 1, 0), EFAULT);
  FAILS(epoll_wait(ep, NULL, 1, 0), EFAULT);
  FAILS(epoll_wait(ep, &event, 0x7ffffff, 0), EFAULT);
  FAILS(epoll_pwait2(ep, &event, 1, OUTSIDE, NULL), EFAULT);
  /* The faults took no event away. */
  EXPECT(now(ep) == GOT(1, EPOLLOUT));
  EXPECT(epoll_ctl(ep, EPOLL_CTL_DEL, p[0], OUTSIDE) == 0);
  close_pair(p);
  close(ep);
}

static void data_has_64_bits(void) {
  int p[2], ep = epoll_create1(0);
  struct epoll_event got;
  open_pair(p);
  EXPECT(add(ep, p[0], EPOLLOUT, 0xdeadbeefcafef00du) == 0);
  EXPECT(epoll_wait(ep, &got, 1, 1000) == 1 && got.data.u64 == 0xdeadbeefcafef00du);
  EXPECT(modify(ep, p[0], EPOLLOUT, 0xffffffffffffffffu) == 0);
  EXPECT(epoll_wait(ep, &got, 1, 1000) == 1 && got.data.u64 == 0xffffffffffffffffu);
  struct epoll_event event = {.events = EPOLLOUT, .data = {.ptr = p}};
  EXPECT(epoll_ctl(ep, EPOLL_CTL_MOD, p[0], &event) == 0);
  EXPECT(epoll_wait(ep, &got, 1, 1000) == 1 && got.data.ptr == p);
  close_pair(p);
  close(ep);
}

static void masks_are_not_those_of_poll(void) {
  int p[2], ep = epoll_create1(0);
  open_pair(p);
  EXPECT(add(ep, p[0], EPOLLIN | EPOLLOUT, 0) == 0);
  EXPECT(now(ep) == GOT(1, EPOLLOUT));
  EXPECT(write(p[1], "x", 1) == 1);
  EXPECT(now(ep) == GOT(1, EPOLLIN | EPOLLOUT));
  close(p[1]);
  struct pollfd one = {.fd = p[0], .events = POLLIN};
  EXPECT(poll(&one, 1, 1000) == 1 && (one.revents & POLLHUP) != 0);
  int got = now(ep);
  EXPECT((got >> 8 & EPOLLHUP) != 0 && (got & 0xff) == 1);
  EXPECT(EPOLLHUP == 0x10 && POLLHUP == 0x2000);
  close(p[0]);
  close(ep);
}

static void an_epoll_is_a_descriptor(void) {
  int ep = epoll_create1(0), other;
  struct epoll_event got;
  EXPECT(ep > 2);
  EXPECT(fcntl(ep, F_GETFL) != -1);
  EXPECT(close(ep) == 0);
  FAILS(epoll_wait(ep, &got, 1, 0), EBADF);
  FAILS(close(ep), EBADF);
  other = epoll_create1(0);
  EXPECT(other == ep);
  EXPECT(now(other) == 0);
  char byte;
  FAILS(read(other, &byte, 1), EINVAL);
  FAILS(write(other, "x", 1), EINVAL);
  close(other);
}

static void an_epoll_is_polled(void) {
  int p[2], ep = epoll_create1(0);
  open_pair(p);
  EXPECT(add(ep, p[0], EPOLLIN, 0) == 0);
  struct pollfd one = {.fd = ep, .events = POLLIN};
  EXPECT(poll(&one, 1, 0) == 0);
  EXPECT(poll(&one, 1, 20) == 0);
  EXPECT(write(p[1], "x", 1) == 1);
  EXPECT(poll(&one, 1, -1) == 1 && (one.revents & POLLIN) != 0);
  fd_set set;
  FD_ZERO(&set);
  FD_SET(ep, &set);
  EXPECT(select(ep + 1, &set, NULL, NULL, NULL) == 1 && FD_ISSET(ep, &set));
  char byte;
  EXPECT(read(p[0], &byte, 1) == 1);
  EXPECT(poll(&one, 1, 0) == 0);
  close_pair(p);
  close(ep);
}

static void an_epoll_is_in_an_epoll(void) {
  int p[2], inner = epoll_create1(0), outer = epoll_create1(0);
  open_pair(p);
  EXPECT(add(inner, p[0], EPOLLIN, 1) == 0);
  EXPECT(add(outer, inner, EPOLLIN, 2) == 0);
  FAILS(add(inner, outer, EPOLLIN, 3), ELOOP);
  EXPECT(now(outer) == 0);
  EXPECT(write(p[1], "x", 1) == 1);
  struct epoll_event got;
  EXPECT(epoll_wait(outer, &got, 1, 1000) == 1 && got.data.u64 == 2);
  EXPECT(epoll_wait(inner, &got, 1, 1000) == 1 && got.data.u64 == 1);
  close(inner);
  EXPECT(now(outer) == 0);
  close_pair(p);
  close(outer);
}

static void a_queue_is_in_an_epoll(void) {
  int ep = epoll_create1(0), kq = kqueue();
  struct kevent change;
  EXPECT(add(ep, kq, EPOLLIN, 9) == 0);
  EV_SET(&change, 5, EVFILT_USER, EV_ADD | EV_CLEAR, 0, 0, NULL);
  EXPECT(kevent(kq, &change, 1, NULL, 0, NULL) == 0);
  EXPECT(now(ep) == 0);
  EV_SET(&change, 5, EVFILT_USER, 0, NOTE_TRIGGER, 0, NULL);
  EXPECT(kevent(kq, &change, 1, NULL, 0, NULL) == 0);
  EXPECT(now(ep) == GOT(1, EPOLLIN));
  close(kq);
  close(ep);
}

static void registrations_go_with_the_file(void) {
  int p[2], q[2], ep = epoll_create1(0);
  open_pair(p);
  EXPECT(add(ep, p[0], EPOLLOUT, 0) == 0);
  EXPECT(now(ep) == GOT(1, EPOLLOUT));
  int number = p[0];
  close(p[0]);
  EXPECT(now(ep) == 0);
  FAILS(epoll_ctl(ep, EPOLL_CTL_DEL, number, NULL), EBADF);
  open_pair(q);
  /* The lowest free number is that of the file that was closed. */
  EXPECT(q[0] == number);
  EXPECT(now(ep) == 0);
  FAILS(epoll_ctl(ep, EPOLL_CTL_DEL, q[0], NULL), ENOENT);
  EXPECT(add(ep, q[0], EPOLLOUT, 0) == 0);
  EXPECT(now(ep) == GOT(1, EPOLLOUT));
  close(p[1]);
  close_pair(q);
  close(ep);
}

static void registrations_stay_with_a_renumbered_file(void) {
  int p[2], q[2], ep = epoll_create1(0);
  open_pair(p);
  open_pair(q);
  EXPECT(add(ep, p[0], EPOLLOUT, 1) == 0);
  EXPECT(add(ep, q[0], EPOLLOUT, 2) == 0);
  /* As dup2(p[0], q[0]) and close(p[0]). */
  EXPECT(__wasilibc_fd_renumber(p[0], q[0]) == 0);
  struct epoll_event got[4];
  EXPECT(epoll_wait(ep, got, 4, 0) == 1 && got[0].data.u64 == 1);
  FAILS(epoll_ctl(ep, EPOLL_CTL_DEL, p[0], NULL), EBADF);
  FAILS(epoll_ctl(ep, EPOLL_CTL_DEL, q[0], NULL), ENOENT);
  /* A registration is of a file and a number: this is another one. */
  EXPECT(add(ep, q[0], EPOLLOUT, 3) == 0);
  EXPECT(epoll_wait(ep, got, 4, 0) == 2 && got[0].data.u64 + got[1].data.u64 == 4);
  EXPECT(epoll_ctl(ep, EPOLL_CTL_DEL, q[0], NULL) == 0);
  EXPECT(epoll_wait(ep, got, 4, 0) == 1 && got[0].data.u64 == 1);
  close(q[0]);
  EXPECT(now(ep) == 0);
  close(p[1]);
  close(q[1]);
  close(ep);
}

static void an_epoll_is_renumbered(void) {
  int p[2], ep = epoll_create1(0);
  open_pair(p);
  EXPECT(add(ep, p[0], EPOLLOUT, 0) == 0);
  int other = epoll_create1(0);
  EXPECT(__wasilibc_fd_renumber(ep, other) == 0);
  FAILS(now(ep), EBADF);
  EXPECT(now(other) == GOT(1, EPOLLOUT));
  close_pair(p);
  close(other);
}

static void edges_and_single_shots(void) {
  int p[2], ep = epoll_create1(0);
  char byte;
  open_pair(p);
  EXPECT(add(ep, p[0], EPOLLIN | EPOLLET, 0) == 0);
  EXPECT(write(p[1], "x", 1) == 1);
  EXPECT(now(ep) == GOT(1, EPOLLIN));
  EXPECT(now(ep) == 0);
  EXPECT(write(p[1], "y", 1) == 1);
  EXPECT(now(ep) == GOT(1, EPOLLIN));
  EXPECT(read(p[0], &byte, 1) == 1 && byte == 'x');
  EXPECT(modify(ep, p[0], EPOLLIN | EPOLLONESHOT, 0) == 0);
  EXPECT(now(ep) == GOT(1, EPOLLIN));
  EXPECT(now(ep) == 0);
  EXPECT(modify(ep, p[0], EPOLLIN | EPOLLONESHOT, 0) == 0);
  EXPECT(now(ep) == GOT(1, EPOLLIN));
  close_pair(p);
  close(ep);
}

static void many_registrations(void) {
  enum { PAIRS = 40 };
  int p[PAIRS][2], ep = epoll_create1(0);
  struct epoll_event got[2 * PAIRS];
  uint64_t sum = 0;
  for (int i = 0; i < PAIRS; i++) {
    open_pair(p[i]);
    EXPECT(add(ep, p[i][0], EPOLLOUT, 1) == 0);
    EXPECT(add(ep, p[i][1], EPOLLOUT, 1000) == 0);
  }
  EXPECT(epoll_wait(ep, got, 2 * PAIRS, 0) == 2 * PAIRS);
  for (int i = 0; i < 2 * PAIRS; i++) sum += got[i].data.u64;
  EXPECT(sum == 1001 * PAIRS);
  EXPECT(epoll_wait(ep, got, 3, 0) == 3);
  for (int i = 0; i < PAIRS; i++) close_pair(p[i]);
  EXPECT(epoll_wait(ep, got, 2 * PAIRS, 0) == 0);
  close(ep);
}

static void timeouts(void) {
  int ep = epoll_create1(0);
  struct epoll_event got;
  struct timespec before, after, wait = {0, 20000000};
  clock_gettime(CLOCK_MONOTONIC, &before);
  EXPECT(epoll_wait(ep, &got, 1, 0) == 0);
  EXPECT(epoll_wait(ep, &got, 1, 20) == 0);
  EXPECT(epoll_pwait(ep, &got, 1, 20, NULL) == 0);
  EXPECT(epoll_pwait2(ep, &got, 1, &wait, NULL) == 0);
  clock_gettime(CLOCK_MONOTONIC, &after);
  EXPECT((after.tv_sec - before.tv_sec) * 1000000 + (after.tv_nsec - before.tv_nsec) / 1000 >= 60000);
  wait.tv_nsec = 1000000000;
  FAILS(epoll_pwait2(ep, &got, 1, &wait, NULL), EINVAL);
  wait.tv_nsec = -1;
  FAILS(epoll_pwait2(ep, &got, 1, &wait, NULL), EINVAL);
  wait.tv_nsec = 0;
  wait.tv_sec = -1;
  FAILS(epoll_pwait2(ep, &got, 1, &wait, NULL), EINVAL);
  close(ep);
}

static void a_signal_mask_is_refused(void) {
  int ep = epoll_create1(0);
  struct epoll_event got;
  sigset_t mask;
  memset(&mask, 0, sizeof mask);
  FAILS(epoll_pwait(ep, &got, 1, 0, &mask), ENOTSUP);
  FAILS(epoll_pwait2(ep, &got, 1, NULL, &mask), ENOTSUP);
  close(ep);
}

int main(int argc, char **argv) {
  if (argc != 2) return EXIT_FAILURE;
  file = atoi(argv[1]);
  ROW(layout_is_not_packed);
  ROW(errors_have_the_numbers_of_wasi);
  ROW(wait_refuses_bad_arguments);
  ROW(pointers_outside_the_memory_are_faults);
  ROW(data_has_64_bits);
  ROW(masks_are_not_those_of_poll);
  ROW(an_epoll_is_a_descriptor);
  ROW(an_epoll_is_polled);
  ROW(an_epoll_is_in_an_epoll);
  ROW(a_queue_is_in_an_epoll);
  ROW(registrations_go_with_the_file);
  ROW(registrations_stay_with_a_renumbered_file);
  ROW(an_epoll_is_renumbered);
  ROW(edges_and_single_shots);
  ROW(many_registrations);
  ROW(timeouts);
  ROW(a_signal_mask_is_refused);
  return check_failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
