/* ioctl(FIONREAD) of an ordinary program: it learns how much a poll has made readable, and reads exactly that.
 *
 *   fionread DESCRIPTOR
 *
 * Ends at the end of the input. */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int waiting(int fd) {
  int count = -1;
  if (ioctl(fd, FIONREAD, &count) == -1) {
    perror("ioctl(FIONREAD)");
    exit(EXIT_FAILURE);
  }
  return count;
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: %s DESCRIPTOR\n", argv[0]);
    return EXIT_FAILURE;
  }
  struct pollfd in = {atoi(argv[1]), POLLIN, 0};

  int none = -1;
  int result = ioctl(100, FIONREAD, &none);
  printf("closed: %d %s\n", result, strerror(errno));

  for (;;) {
    if (poll(&in, 1, -1) == -1) {
      perror("poll");
      return EXIT_FAILURE;
    }
    int count = waiting(in.fd);
    if (count == 0) break;
    char *bytes = malloc((size_t)count);
    /* In two steps: the second question is about what the first has left. */
    ssize_t half = read(in.fd, bytes, (size_t)(count + 1) / 2);
    int left = waiting(in.fd);
    ssize_t rest = left > 0 ? read(in.fd, bytes + half, (size_t)left) : 0;
    printf("%d waiting, %d after %zd: %.*s\n", count, left, half, (int)(half + rest), bytes);
    free(bytes);
  }
  char byte;
  printf("end: %zd\n", read(in.fd, &byte, 1));
  return EXIT_SUCCESS;
}
