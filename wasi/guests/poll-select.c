/* poll(2), select(2), FIONREAD and both sleeps of an ordinary program: "hello" waits in stdin. */

#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>

#ifndef __EMSCRIPTEN__
static long long nanoseconds(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}
#endif

int main(void) {
  struct pollfd fds[] = {{0, POLLIN, 0}, {1, POLLOUT, 0}, {77, POLLIN, 0}};
  printf("poll %d:", poll(fds, 3, 60000));
  printf(" in %d out %d nval %d\n", fds[0].revents == POLLIN, fds[1].revents == POLLOUT,
         fds[2].revents == POLLNVAL);

  int waiting = -1;
  printf("ioctl %d, ", ioctl(0, FIONREAD, &waiting));
  printf("%d bytes\n", waiting);
  char bytes[16];
  printf("read %zd\n", read(0, bytes, sizeof bytes));
  printf("poll %d\n", poll(fds, 1, 10));

  fd_set readers, writers;
  FD_ZERO(&readers);
  FD_ZERO(&writers);
  FD_SET(0, &readers);
  FD_SET(1, &writers);
  printf("select %d:", select(2, &readers, &writers, NULL, NULL));
  printf(" in %d out %d\n", FD_ISSET(0, &readers), FD_ISSET(1, &writers));

  struct timespec nap = {0, 10000000};
  printf("nanosleep %d\n", nanosleep(&nap, NULL));
#ifndef __EMSCRIPTEN__
  /* Emscripten's C library takes a time for a duration. */
  long long due = nanoseconds(CLOCK_MONOTONIC) + 10000000;
  struct timespec until = {due / 1000000000, due % 1000000000};
  printf("clock_nanosleep %d", clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL));
  printf(", on time %d\n", nanoseconds(CLOCK_MONOTONIC) >= due);
#endif
  return 7;
}
