/* What is special about kqueue in a guest, one row each. Expected values: FreeBSD's kqueue(2) and
 * sys/kern/kern_event.c.
 *
 *   kqueue-checks FILE    the number of a regular file that the guest may watch */

#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/event.h>
#include <wasi/libc.h>

#include "check.h"

static int file;
static const struct timespec zero, long_time = {10, 0};

static int change(int kq, uintptr_t ident, int filter, int flags, unsigned fflags, int64_t data,
                  void *udata) {
  struct kevent one;
  EV_SET(&one, ident, filter, flags, fflags, data, udata);
  return kevent(kq, &one, 1, NULL, 0, NULL);
}

/* One event that is there, or a negative number. */
static int take(int kq, struct kevent *event) {
  memset(event, 0xa5, sizeof *event);
  return kevent(kq, NULL, 0, event, 1, &zero) == 1 ? 1 : -1;
}

/* Adds a user event and triggers it: a trigger in the change that adds it does not count. */
static int trigger(int kq, uintptr_t ident, int flags, unsigned fflags, void *udata) {
  struct kevent both[2];
  EV_SET(&both[0], ident, EVFILT_USER, EV_ADD | flags, fflags, 0, udata);
  EV_SET(&both[1], ident, EVFILT_USER, EV_KEEPUDATA, NOTE_TRIGGER, 0, NULL);
  return kevent(kq, both, 2, NULL, 0, NULL);
}

static int count(int kq) {
  struct kevent events[8];
  return kevent(kq, NULL, 0, events, 8, &zero);
}

static void layout_is_that_of_freebsd(void) {
  EXPECT(sizeof(struct kevent) == 64);
  EXPECT(offsetof(struct kevent, filter) == 4 && offsetof(struct kevent, flags) == 6);
  EXPECT(offsetof(struct kevent, fflags) == 8 && offsetof(struct kevent, data) == 16);
  EXPECT(offsetof(struct kevent, udata) == 24 && offsetof(struct kevent, ext) == 32);
  int kq = kqueue();
  struct kevent got[2];
  memset(got, 0xa5, sizeof got);
  EXPECT(trigger(kq, 0xfedcba98u, 0, 0x123456, &got[1]) == 0);
  EXPECT(kevent(kq, NULL, 0, got, 2, &long_time) == 1);
  EXPECT(got[0].ident == 0xfedcba98u && got[0].filter == EVFILT_USER && got[0].udata == &got[1]);
  EXPECT(got[0].fflags == 0x123456 && got[0].data == 0 && got[0].ext[0] == 0 && got[0].ext[3] == 0);
  EXPECT(got[1].ident == 0xa5a5a5a5u && got[1].ext[3] == 0xa5a5a5a5a5a5a5a5u);
  close(kq);
}

static void reading_and_writing(void) {
  int p[2], kq = kqueue();
  struct kevent got;
  open_pair(p);
  EXPECT(change(kq, (uintptr_t)p[0], EVFILT_READ, EV_ADD, 0, 0, p) == 0);
  EXPECT(count(kq) == 0);
  EXPECT(write(p[1], "12345", 5) == 5);
  EXPECT(take(kq, &got) == 1);
  EXPECT(got.ident == (uintptr_t)p[0] && got.filter == EVFILT_READ && got.data == 5);
  EXPECT(got.udata == p && (got.flags & EV_EOF) == 0);
  EXPECT(change(kq, (uintptr_t)p[0], EVFILT_WRITE, EV_ADD | EV_ONESHOT, 0, 0, NULL) == 0);
  EXPECT(count(kq) == 2);
  EXPECT(count(kq) == 1);
  close(p[1]);
  EXPECT(take(kq, &got) == 1 && (got.flags & EV_EOF) != 0 && got.data == 5);
  close(p[0]);
  close(kq);
}

static void changes_and_events_in_one_array(void) {
  int kq = kqueue();
  struct kevent list[3];
  for (unsigned i = 0; i < 3; i++) EXPECT(trigger(kq, 10 + i, EV_CLEAR, 0, NULL) == 0);
  EXPECT(count(kq) == 3 && count(kq) == 0);
  for (int i = 0; i < 3; i++) {
    EV_SET(&list[i], 10 + i, EVFILT_USER, 0, NOTE_TRIGGER, 0, &list[i]);
  }
  EXPECT(kevent(kq, list, 3, list, 3, NULL) == 3);
  for (int i = 0; i < 3; i++) {
    EXPECT(list[i].ident == 10u + (unsigned)i && list[i].udata == &list[i]);
  }
  /* Shifted by one: the first event is over the second change. */
  for (int i = 0; i < 2; i++) EV_SET(&list[i], 10 + i, EVFILT_USER, 0, NOTE_TRIGGER, 0, NULL);
  EXPECT(kevent(kq, list, 2, list + 1, 2, NULL) == 2);
  EXPECT(list[1].ident == 10 && list[2].ident == 11);
  close(kq);
}

static void a_failed_change_is_an_event(void) {
  int p[2], kq = kqueue();
  struct kevent list[4], got[4];
  open_pair(p);
  EV_SET(&list[0], p[0], EVFILT_READ, EV_DELETE, 0, 0, NULL);
  EV_SET(&list[1], 1000, EVFILT_READ, EV_ADD, 0, 0, list);
  EXPECT(trigger(kq, 7, EV_DISABLE, 0, NULL) == 0 && count(kq) == 0);
  EV_SET(&list[2], 7, EVFILT_USER, EV_ENABLE | EV_RECEIPT, 0, 0, NULL);
  EV_SET(&list[3], 3, EVFILT_SIGNAL, EV_ADD, 0, 0, NULL);
  EXPECT(kevent(kq, list, 4, got, 4, NULL) == 4);
  EXPECT(got[0].flags & EV_ERROR && got[0].data == ENOENT && got[0].ident == (uintptr_t)p[0]);
  EXPECT(got[1].flags & EV_ERROR && got[1].data == EBADF && got[1].ident == 1000);
  EXPECT(got[1].filter == EVFILT_READ && got[1].udata == list);
  EXPECT(got[2].flags & EV_ERROR && got[2].data == 0 && got[2].ident == 7);
  EXPECT(got[3].flags & EV_ERROR && got[3].data == EINVAL && got[3].ident == 3);
  EXPECT(got[3].filter == EVFILT_SIGNAL);
  /* The change with a receipt was made. */
  EXPECT(count(kq) == 1);
  /* Without room, the error is the call's, and changes before it are made. */
  EXPECT(trigger(kq, 8, EV_DISABLE, 0, NULL) == 0 && count(kq) == 1);
  EV_SET(&list[0], 8, EVFILT_USER, EV_ENABLE, 0, 0, NULL);
  FAILS(kevent(kq, list, 2, NULL, 0, NULL), EBADF);
  EXPECT(count(kq) == 2);
  close_pair(p);
  close(kq);
}

static void filters_that_a_guest_lacks(void) {
  int kq = kqueue();
  FAILS(change(kq, (uintptr_t)1, EVFILT_PROC, EV_ADD, NOTE_EXIT, 0, NULL), EINVAL);
  FAILS(change(kq, 2, EVFILT_SIGNAL, EV_ADD, 0, 0, NULL), EINVAL);
  FAILS(change(kq, 1, EVFILT_AIO, EV_ADD, 0, 0, NULL), EINVAL);
  FAILS(change(kq, 1, -8, EV_ADD, 0, 0, NULL), EINVAL);
  FAILS(change(kq, 1, 5, EV_ADD, 0, 0, NULL), EINVAL);
  close(kq);
}

static void flags_of_knotes(void) {
  int p[2], kq = kqueue();
  uintptr_t fd;
  open_pair(p);
  fd = (uintptr_t)p[0];
  EXPECT(write(p[1], "x", 1) == 1);
  EXPECT(change(kq, fd, EVFILT_READ, EV_ADD | EV_CLEAR, 0, 0, NULL) == 0);
  EXPECT(count(kq) == 1 && count(kq) == 0);
  EXPECT(write(p[1], "y", 1) == 1);
  EXPECT(count(kq) == 1 && count(kq) == 0);
  EXPECT(change(kq, fd, EVFILT_READ, EV_DELETE, 0, 0, NULL) == 0);
  EXPECT(change(kq, fd, EVFILT_READ, EV_ADD | EV_DISPATCH, 0, 0, NULL) == 0);
  EXPECT(count(kq) == 1 && count(kq) == 0);
  EXPECT(change(kq, fd, EVFILT_READ, EV_ENABLE | EV_DISPATCH, 0, 0, NULL) == 0);
  EXPECT(count(kq) == 1);
  EXPECT(change(kq, fd, EVFILT_READ, EV_DELETE, 0, 0, NULL) == 0);
  EXPECT(change(kq, fd, EVFILT_READ, EV_ADD, NOTE_LOWAT, 3, NULL) == 0);
  EXPECT(count(kq) == 0);
  EXPECT(write(p[1], "z", 1) == 1);
  EXPECT(count(kq) == 1);
  EXPECT(change(kq, fd, EVFILT_READ, EV_DISABLE, NOTE_LOWAT, 3, NULL) == 0);
  EXPECT(count(kq) == 0);
  close_pair(p);
  close(kq);
}

static void user_events(void) {
  int kq = kqueue();
  struct kevent got;
  EXPECT(change(kq, 1, EVFILT_USER, EV_ADD | EV_CLEAR, 0x0f, 0, (void *)0xffffffff) == 0);
  EXPECT(count(kq) == 0);
  EXPECT(change(kq, 1, EVFILT_USER, EV_KEEPUDATA, NOTE_FFOR | NOTE_TRIGGER | 0xf0, 0, NULL) == 0);
  EXPECT(take(kq, &got) == 1 && got.fflags == 0xff && got.udata == (void *)0xffffffff);
  EXPECT(count(kq) == 0);
  FAILS(change(kq, 2, EVFILT_USER, EV_DELETE, 0, 0, NULL), ENOENT);
  close(kq);
}

static void timers(void) {
  int kq = kqueue();
  struct kevent got;
  EXPECT(change(kq, 77, EVFILT_TIMER, EV_ADD | EV_ONESHOT, NOTE_USECONDS, 5000, &kq) == 0);
  EXPECT(kevent(kq, NULL, 0, &got, 1, NULL) == 1);
  EXPECT(got.ident == 77 && got.filter == EVFILT_TIMER && got.data == 1 && got.udata == &kq);
  EXPECT(count(kq) == 0);
  /* A period of more than 32 bits does not expire at once. */
  EXPECT(change(kq, 78, EVFILT_TIMER, EV_ADD, NOTE_NSECONDS, 0x7fffffffffffffff, NULL) == 0);
  EXPECT(count(kq) == 0);
  FAILS(change(kq, 79, EVFILT_TIMER, EV_ADD, 0, -1, NULL), EINVAL);
  close(kq);
}

static void timeouts(void) {
  int kq = kqueue();
  struct kevent got;
  struct timespec before, after, wait = {0, 20000000};
  clock_gettime(CLOCK_MONOTONIC, &before);
  EXPECT(kevent(kq, NULL, 0, &got, 1, &zero) == 0);
  EXPECT(kevent(kq, NULL, 0, NULL, 0, NULL) == 0);
  EXPECT(kevent(kq, NULL, 0, &got, 1, &wait) == 0);
  clock_gettime(CLOCK_MONOTONIC, &after);
  EXPECT((after.tv_sec - before.tv_sec) * 1000000 + (after.tv_nsec - before.tv_nsec) / 1000 >= 20000);
  wait.tv_nsec = 1000000000;
  FAILS(kevent(kq, NULL, 0, &got, 1, &wait), EINVAL);
  wait.tv_nsec = -1;
  FAILS(kevent(kq, NULL, 0, &got, 1, &wait), EINVAL);
  close(kq);
}

static void pointers_outside_the_memory_are_faults(void) {
  int kq = kqueue();
  struct kevent one;
  EXPECT(trigger(kq, 1, EV_DISABLE, 0, NULL) == 0);
  EV_SET(&one, 1, EVFILT_USER, EV_ENABLE, 0, 0, NULL);
  FAILS(kevent(kq, OUTSIDE, 1, NULL, 0, NULL), EFAULT);
  FAILS(kevent(kq, NULL, 1, NULL, 0, NULL), EFAULT);
  FAILS(kevent(kq, &one, 1, OUTSIDE, 1, NULL), EFAULT);
  FAILS(kevent(kq, &one, 1, NULL, 1, NULL), EFAULT);
  FAILS(kevent(kq, &one, 0x10000, NULL, 0, NULL), EFAULT);
  FAILS(kevent(kq, &one, 0x7fffffff, NULL, 0, NULL), ENOMEM);
  FAILS(kevent(kq, &one, 1, &one, 1, OUTSIDE), EFAULT);
  FAILS(kevent(kq, &one, -1, NULL, 0, NULL), EINVAL);
  FAILS(kevent(kq, NULL, 0, &one, -1, &zero), EINVAL);
  /* None of the calls made its change. */
  EXPECT(count(kq) == 0);
  FAILS(kevent(1000, NULL, 0, NULL, 0, NULL), EBADF);
  FAILS(kevent(file, NULL, 0, NULL, 0, NULL), EBADF);
  close(kq);
}

static void closing_a_number_removes_its_knotes(void) {
  int p[2], q[2], kq = kqueue();
  open_pair(p);
  EXPECT(change(kq, (uintptr_t)p[0], EVFILT_WRITE, EV_ADD, 0, 0, NULL) == 0);
  EXPECT(count(kq) == 1);
  int number = p[0];
  close(p[0]);
  EXPECT(count(kq) == 0);
  FAILS(change(kq, (uintptr_t)number, EVFILT_WRITE, EV_DELETE, 0, 0, NULL), EBADF);
  open_pair(q);
  EXPECT(q[0] == number);
  FAILS(change(kq, (uintptr_t)number, EVFILT_WRITE, EV_DELETE, 0, 0, NULL), ENOENT);
  EXPECT(count(kq) == 0);
  close(p[1]);
  close_pair(q);
  close(kq);
}

static void renumbering_removes_knotes(void) {
  int p[2], q[2], kq = kqueue();
  open_pair(p);
  open_pair(q);
  EXPECT(change(kq, (uintptr_t)p[0], EVFILT_WRITE, EV_ADD, 0, 0, NULL) == 0);
  EXPECT(change(kq, (uintptr_t)q[0], EVFILT_WRITE, EV_ADD, 0, 0, NULL) == 0);
  EXPECT(count(kq) == 2);
  EXPECT(__wasilibc_fd_renumber(p[0], q[0]) == 0);
  EXPECT(count(kq) == 0);
  EXPECT(change(kq, (uintptr_t)q[0], EVFILT_WRITE, EV_ADD, 0, 0, NULL) == 0);
  EXPECT(count(kq) == 1);
  close(q[0]);
  EXPECT(count(kq) == 0);
  close(p[1]);
  close(q[1]);
  close(kq);
}

static void a_queue_is_a_descriptor(void) {
  int p[2], kq = kqueue1(O_CLOEXEC);
  struct pollfd one = {.fd = kq, .events = POLLIN};
  open_pair(p);
  EXPECT(change(kq, (uintptr_t)p[0], EVFILT_READ, EV_ADD, 0, 0, NULL) == 0);
  EXPECT(poll(&one, 1, 0) == 0);
  EXPECT(write(p[1], "x", 1) == 1);
  EXPECT(poll(&one, 1, -1) == 1 && (one.revents & POLLIN) != 0);
  char byte;
  EXPECT(read(kq, &byte, 1) == -1);
  EXPECT(close(kq) == 0);
  FAILS(close(kq), EBADF);
  FAILS(kqueue1(0x40000000), EINVAL);
  close_pair(p);
}

static void a_queue_is_in_a_queue(void) {
  int inner = kqueue(), outer = kqueue();
  struct kevent got;
  EXPECT(change(outer, (uintptr_t)inner, EVFILT_READ, EV_ADD, 0, 0, &inner) == 0);
  EXPECT(change(inner, 4, EVFILT_USER, EV_ADD, 0, 0, NULL) == 0);
  EXPECT(count(outer) == 0);
  EXPECT(change(inner, 4, EVFILT_USER, 0, NOTE_TRIGGER, 0, NULL) == 0);
  EXPECT(take(outer, &got) == 1 && got.ident == (uintptr_t)inner && got.udata == &inner);
  close(inner);
  close(outer);
}

int main(int argc, char **argv) {
  if (argc != 2) return EXIT_FAILURE;
  file = atoi(argv[1]);
  ROW(layout_is_that_of_freebsd);
  ROW(reading_and_writing);
  ROW(changes_and_events_in_one_array);
  ROW(a_failed_change_is_an_event);
  ROW(filters_that_a_guest_lacks);
  ROW(flags_of_knotes);
  ROW(user_events);
  ROW(timers);
  ROW(timeouts);
  ROW(pointers_outside_the_memory_are_faults);
  ROW(closing_a_number_removes_its_knotes);
  ROW(renumbering_removes_knotes);
  ROW(a_queue_is_a_descriptor);
  ROW(a_queue_is_in_a_queue);
  return check_failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
