/* The sleeps of POSIX: nanosleep, usleep, sleep, clock_nanosleep, and poll and select without descriptors. Each
 * line says whether the sleep ended, no earlier than it should. */

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>

static const long long MS = 1000000;

static long long nanoseconds(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static long long start;

static void begin(void) { start = nanoseconds(CLOCK_MONOTONIC); }

static void end(const char *name, int result, long long least) {
  int isLong = nanoseconds(CLOCK_MONOTONIC) - start >= least;
  printf("%s: %d, %s\n", name, result, isLong ? "slept" : "TOO SHORT");
}

int main(void) {
  struct timespec nap = {0, 3 * MS}, left = {7, 7};
  begin();
  end("nanosleep", nanosleep(&nap, &left), 3 * MS);
  printf("left: %lld s %ld ns\n", (long long)left.tv_sec, left.tv_nsec);

  struct timespec none = {0, 0}, less = {0, 300000};
  begin();
  end("nanosleep of nothing", nanosleep(&none, NULL), 0);
  begin();
  end("nanosleep of 300 us", nanosleep(&less, NULL), 300000);

  struct timespec wrong = {0, 1000000000};
  int result = nanosleep(&wrong, NULL);
  printf("nanosleep of 1e9 ns: %d, EINVAL %d\n", result, errno == EINVAL);
  begin();
  end("usleep", usleep(2000), 2 * MS);
  begin();
  end("sleep", (int)sleep(1), 1000 * MS);

  const clockid_t clocks[] = {CLOCK_MONOTONIC, CLOCK_REALTIME};
  const char *names[] = {"clock_nanosleep, monotonic", "clock_nanosleep, realtime"};
  for (int i = 0; i < 2; i++) {
    begin();
    end(names[i], clock_nanosleep(clocks[i], 0, &nap, NULL), 3 * MS);
    long long due = nanoseconds(clocks[i]) + 3 * MS;
    struct timespec until = {due / 1000000000, due % 1000000000};
    result = clock_nanosleep(clocks[i], TIMER_ABSTIME, &until, NULL);
    printf("%s, until a time: %d, %s\n", names[i], result,
           nanoseconds(clocks[i]) >= due ? "slept" : "TOO SHORT");
    struct timespec past = {1, 0};
    printf("%s, until a past time: %d\n", names[i],
           clock_nanosleep(clocks[i], TIMER_ABSTIME, &past, NULL));
  }

  begin();
  end("poll of nothing", poll(NULL, 0, 2), 2 * MS);
  begin();
  struct timeval two = {0, 2000};
  end("select of nothing", select(0, NULL, NULL, NULL, &two), 2 * MS);
  return 0;
}
