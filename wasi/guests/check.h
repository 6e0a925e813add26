/* Rows of checks: every row prints "ok NAME", or "FAIL NAME" with the line and errno. */

#ifndef CHECK_H
#define CHECK_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int check_line, check_errno, check_failures;

#define EXPECT(condition)             \
  do {                                \
    if (!(condition) && !check_line) { \
      check_line = __LINE__;          \
      check_errno = errno;            \
    }                                 \
  } while (0)

/* A call that fails with an error. */
#define FAILS(call, error) EXPECT((errno = 0, (call) == -1 && errno == (error)))

#define ROW(name) check_row(#name, name)

static void check_row(const char *name, void (*row)(void)) {
  check_line = 0;
  row();
  if (check_line == 0) {
    printf("ok %s\n", name);
  } else {
    printf("FAIL %s line %d errno %d\n", name, check_line, check_errno);
    check_failures++;
  }
  fflush(stdout);
}

/* The two ends of a stream that nothing else has. */
static inline void open_pair(int fd[2]) {
  static int count;
  char path[64];
  int name = count++;
  for (int i = 0; i < 2; i++) {
    snprintf(path, sizeof path, "/dev/omnipoll/pair/check-%d/%c", name, 'a' + i);
    fd[i] = open(path, O_RDWR);
    if (fd[i] == -1) {
      perror(path);
      exit(EXIT_FAILURE);
    }
  }
}

static inline void close_pair(int fd[2]) {
  close(fd[0]);
  close(fd[1]);
}

/* An address that is in no memory of a test. */
#define OUTSIDE ((void *)0xfffffff0)

#endif
