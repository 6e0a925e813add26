/* eventfd and timerfd in a guest, one row each. Expected values: eventfd(2), timerfd_create(2). */

#include <poll.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/event.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>

#include "check.h"

static int events(int fd) {
  struct pollfd one = {.fd = fd, .events = POLLIN | POLLOUT};
  return poll(&one, 1, 0) < 0 ? -1 : one.revents;
}

static void eventfd_counts(void) {
  int fd = eventfd(3, EFD_NONBLOCK);
  eventfd_t value = 0;
  EXPECT(fd > 2);
  EXPECT(events(fd) == (POLLIN | POLLOUT));
  EXPECT(eventfd_read(fd, &value) == 0 && value == 3);
  EXPECT(events(fd) == POLLOUT);
  FAILS(eventfd_read(fd, &value), EAGAIN);
  EXPECT(eventfd_write(fd, 0xfffffffffffffffeu) == 0);
  EXPECT(events(fd) == POLLIN);
  FAILS(eventfd_write(fd, 1), EAGAIN);
  EXPECT(eventfd_read(fd, &value) == 0 && value == 0xfffffffffffffffeu);
  FAILS(eventfd_write(fd, 0xffffffffffffffffu), EINVAL);
  FAILS(read(fd, &value, 4), EINVAL);
  FAILS(write(fd, &value, 4), EINVAL);
  EXPECT(close(fd) == 0);
  FAILS(eventfd_read(fd, &value), EBADF);
  FAILS(eventfd(0, 0x40), EINVAL);
}

static void eventfd_is_a_semaphore(void) {
  int fd = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK | EFD_CLOEXEC);
  eventfd_t value = 0;
  EXPECT(eventfd_read(fd, &value) == 0 && value == 1);
  EXPECT(eventfd_read(fd, &value) == 0 && value == 1);
  FAILS(eventfd_read(fd, &value), EAGAIN);
  close(fd);
}

static void eventfd_mode_is_changed(void) {
  int fd = eventfd(0, 0);
  eventfd_t value;
  EXPECT((fcntl(fd, F_GETFL) & O_NONBLOCK) == 0);
  EXPECT(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
  EXPECT((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
  FAILS(eventfd_read(fd, &value), EAGAIN);
  close(fd);
}

static void eventfd_wakes_epoll_and_kqueue(void) {
  int fd = eventfd(0, EFD_NONBLOCK), ep = epoll_create1(0), kq = kqueue();
  struct epoll_event event = {.events = EPOLLIN, .data = {.fd = fd}}, got;
  struct kevent change, seen;
  struct timespec zero = {0, 0};
  EXPECT(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event) == 0);
  EV_SET(&change, fd, EVFILT_READ, EV_ADD, 0, 0, NULL);
  EXPECT(kevent(kq, &change, 1, NULL, 0, NULL) == 0);
  EXPECT(epoll_wait(ep, &got, 1, 0) == 0 && kevent(kq, NULL, 0, &seen, 1, &zero) == 0);
  EXPECT(eventfd_write(fd, 5) == 0);
  EXPECT(epoll_wait(ep, &got, 1, -1) == 1 && got.data.fd == fd);
  EXPECT(kevent(kq, NULL, 0, &seen, 1, NULL) == 1 && seen.ident == (uintptr_t)fd);
  close(fd);
  EXPECT(epoll_wait(ep, &got, 1, 0) == 0 && kevent(kq, NULL, 0, &seen, 1, &zero) == 0);
  close(ep);
  close(kq);
}

static struct itimerspec setting(long value_ms, long interval_ms) {
  struct itimerspec set = {{interval_ms / 1000, interval_ms % 1000 * 1000000},
                           {value_ms / 1000, value_ms % 1000 * 1000000}};
  return set;
}

static int64_t ns(struct timespec time) {
  return time.tv_sec * 1000000000 + time.tv_nsec;
}

static void timerfd_expires_once(void) {
  int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  struct itimerspec set = setting(3600000, 0), old;
  uint64_t count = 0;
  struct pollfd one = {.fd = fd, .events = POLLIN};
  EXPECT(fd > 2);
  FAILS(read(fd, &count, sizeof count), EAGAIN);
  EXPECT(timerfd_settime(fd, 0, &set, &old) == 0);
  EXPECT(ns(old.it_value) == 0 && ns(old.it_interval) == 0);
  EXPECT(timerfd_gettime(fd, &old) == 0);
  EXPECT(ns(old.it_value) > 0 && ns(old.it_value) <= ns(set.it_value));
  EXPECT(ns(old.it_interval) == 0);
  set = setting(20, 0);
  EXPECT(timerfd_settime(fd, 0, &set, NULL) == 0);
  EXPECT(poll(&one, 1, -1) == 1 && one.revents == POLLIN);
  EXPECT(read(fd, &count, sizeof count) == sizeof count && count == 1);
  FAILS(read(fd, &count, sizeof count), EAGAIN);
  EXPECT(poll(&one, 1, 0) == 0);
  EXPECT(timerfd_gettime(fd, &old) == 0 && ns(old.it_value) == 0);
  close(fd);
}

static void timerfd_has_an_interval(void) {
  int fd = timerfd_create(CLOCK_MONOTONIC, 0);
  struct itimerspec set = setting(5, 10), got;
  struct timespec before, after;
  uint64_t count, total = 0;
  clock_gettime(CLOCK_MONOTONIC, &before);
  EXPECT(timerfd_settime(fd, 0, &set, NULL) == 0);
  while (total < 5 && check_line == 0) {
    count = 0;
    EXPECT(read(fd, &count, sizeof count) == sizeof count && count > 0);
    total += count;
  }
  clock_gettime(CLOCK_MONOTONIC, &after);
  int64_t took = ns(after) - ns(before);
  EXPECT(took >= 45000000);
  /* The expirations are those of the time that has passed. */
  EXPECT(total <= 1 + (uint64_t)(took - 5000000) / 10000000);
  EXPECT(timerfd_gettime(fd, &got) == 0 && ns(got.it_interval) == 10000000);
  EXPECT(ns(got.it_value) > 0 && ns(got.it_value) <= 10000000);
  close(fd);
}

static void timerfd_counts_what_was_not_read(void) {
  int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  struct itimerspec set = setting(5, 5);
  struct timespec pause = {0, 42000000};
  uint64_t count = 0;
  EXPECT(timerfd_settime(fd, 0, &set, NULL) == 0);
  nanosleep(&pause, NULL);
  EXPECT(read(fd, &count, sizeof count) == sizeof count && count >= 8);
  close(fd);
}

static void timerfd_takes_absolute_times(void) {
  const clockid_t clocks[] = {CLOCK_MONOTONIC, CLOCK_REALTIME};
  for (int i = 0; i < 2; i++) {
    int fd = timerfd_create(clocks[i], 0);
    struct itimerspec set = setting(0, 0);
    struct timespec after;
    uint64_t count = 0;
    clock_gettime(clocks[i], &set.it_value);
    set.it_value.tv_nsec += 20000000;
    if (set.it_value.tv_nsec >= 1000000000) {
      set.it_value.tv_nsec -= 1000000000;
      set.it_value.tv_sec++;
    }
    EXPECT(timerfd_settime(fd, TFD_TIMER_ABSTIME, &set, NULL) == 0);
    EXPECT(read(fd, &count, sizeof count) == sizeof count && count == 1);
    clock_gettime(clocks[i], &after);
    EXPECT(ns(after) >= ns(set.it_value));
    /* A time that has passed. */
    set.it_value.tv_sec = 0;
    set.it_value.tv_nsec = 1;
    EXPECT(timerfd_settime(fd, TFD_TIMER_ABSTIME, &set, NULL) == 0);
    EXPECT(read(fd, &count, sizeof count) == sizeof count && count == 1);
    close(fd);
  }
}

static void timerfd_is_disarmed(void) {
  int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  struct itimerspec set = setting(5, 5), off = setting(0, 7), old;
  struct timespec pause = {0, 12000000};
  uint64_t count;
  EXPECT(timerfd_settime(fd, 0, &set, NULL) == 0);
  nanosleep(&pause, NULL);
  EXPECT(timerfd_settime(fd, 0, &off, &old) == 0 && ns(old.it_interval) == 5000000);
  FAILS(read(fd, &count, sizeof count), EAGAIN);
  EXPECT(timerfd_gettime(fd, &old) == 0 && ns(old.it_value) == 0 && ns(old.it_interval) == 0);
  close(fd);
}

static void timerfd_wakes_epoll_and_kqueue(void) {
  int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK), ep = epoll_create1(0), kq = kqueue();
  struct itimerspec set = setting(10, 0);
  struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data = {.fd = fd}}, got;
  struct kevent change, seen;
  uint64_t count;
  EXPECT(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event) == 0);
  EV_SET(&change, fd, EVFILT_READ, EV_ADD, 0, 0, NULL);
  EXPECT(kevent(kq, &change, 1, NULL, 0, NULL) == 0);
  EXPECT(epoll_wait(ep, &got, 1, 0) == 0);
  EXPECT(timerfd_settime(fd, 0, &set, NULL) == 0);
  EXPECT(epoll_wait(ep, &got, 1, -1) == 1 && got.data.fd == fd);
  EXPECT(epoll_wait(ep, &got, 1, 0) == 0);
  EXPECT(kevent(kq, NULL, 0, &seen, 1, NULL) == 1 && seen.ident == (uintptr_t)fd);
  EXPECT(read(fd, &count, sizeof count) == sizeof count);
  close(fd);
  close(ep);
  close(kq);
}

static void timerfd_refuses_bad_arguments(void) {
  int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK), other = eventfd(0, 0);
  struct itimerspec set = setting(5, 0);
  uint64_t count;
  FAILS(timerfd_create(CLOCK_MONOTONIC, 1), EINVAL);
  FAILS(timerfd_create((clockid_t)&set, 0), EINVAL);
  FAILS(timerfd_settime(other, 0, &set, NULL), EINVAL);
  FAILS(timerfd_settime(1000, 0, &set, NULL), EBADF);
  FAILS(timerfd_gettime(1000, &set), EBADF);
  FAILS(timerfd_settime(fd, 8, &set, NULL), EINVAL);
  FAILS(timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &set, NULL), ENOTSUP);
  FAILS(timerfd_settime(fd, 0, NULL, NULL), EFAULT);
  FAILS(timerfd_settime(fd, 0, &set, OUTSIDE), EFAULT);
  FAILS(timerfd_gettime(fd, OUTSIDE), EFAULT);
  set.it_value.tv_nsec = 1000000000;
  FAILS(timerfd_settime(fd, 0, &set, NULL), EINVAL);
  set.it_value.tv_nsec = 1;
  set.it_interval.tv_sec = -1;
  FAILS(timerfd_settime(fd, 0, &set, NULL), EINVAL);
  FAILS(read(fd, &count, 4), EINVAL);
  FAILS(write(fd, &count, sizeof count), EINVAL);
  close(fd);
  close(other);
}

int main(void) {
  ROW(eventfd_counts);
  ROW(eventfd_is_a_semaphore);
  ROW(eventfd_mode_is_changed);
  ROW(eventfd_wakes_epoll_and_kqueue);
  ROW(timerfd_expires_once);
  ROW(timerfd_has_an_interval);
  ROW(timerfd_counts_what_was_not_read);
  ROW(timerfd_takes_absolute_times);
  ROW(timerfd_is_disarmed);
  ROW(timerfd_wakes_epoll_and_kqueue);
  ROW(timerfd_refuses_bad_arguments);
  return check_failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
