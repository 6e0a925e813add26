/* The example of timerfd_create(2): a timer with an initial expiration and an interval, both in
 * milliseconds, which is read until it has expired so many times.
 *
 * Adapted: WASI's libc has no err(); milliseconds instead of seconds, no column with the time, and the last line.
 *
 *   timerfd-demo INITIAL [INTERVAL MAX-EXP] */

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static void fail(const char *what) {
  perror(what);
  exit(EXIT_FAILURE);
}

static int usage(const char *program, const char *arguments) {
  fprintf(stderr, "usage: %s %s\n", program, arguments);
  return EXIT_FAILURE;
}

static void set_ms(struct timespec *time, long long ms) {
  time->tv_sec = ms / 1000;
  time->tv_nsec = (long)(ms % 1000 * 1000000);
}

int main(int argc, char *argv[]) {
  int fd;
  ssize_t s;
  uint64_t exp, tot_exp, max_exp;
  struct timespec now;
  struct itimerspec new_value;

  if (argc != 2 && argc != 4) return usage(argv[0], "init-ms [interval-ms max-exp]");
  if (clock_gettime(CLOCK_REALTIME, &now) == -1) fail("clock_gettime");

  /* Create a CLOCK_REALTIME absolute timer with initial expiration and interval as specified in
   * command line. */
  set_ms(&new_value.it_value, atoll(argv[1]));
  new_value.it_value.tv_sec += now.tv_sec;
  new_value.it_value.tv_nsec += now.tv_nsec;
  if (new_value.it_value.tv_nsec >= 1000000000) {
    new_value.it_value.tv_sec++;
    new_value.it_value.tv_nsec -= 1000000000;
  }
  if (argc == 2) {
    set_ms(&new_value.it_interval, 0);
    max_exp = 1;
  } else {
    set_ms(&new_value.it_interval, atoll(argv[2]));
    max_exp = strtoull(argv[3], NULL, 0);
  }

  fd = timerfd_create(CLOCK_REALTIME, 0);
  if (fd == -1) fail("timerfd_create");
  if (timerfd_settime(fd, TFD_TIMER_ABSTIME, &new_value, NULL) == -1)
    fail("timerfd_settime");
  printf("timer started\n");

  for (tot_exp = 0; tot_exp < max_exp;) {
    s = read(fd, &exp, sizeof(uint64_t));
    if (s != sizeof(uint64_t)) fail("read");
    tot_exp += exp;
  }
  printf("total >= %" PRIu64 ": %s\n", max_exp, tot_exp >= max_exp ? "yes" : "no");
  exit(EXIT_SUCCESS);
}
