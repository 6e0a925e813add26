/* What poll(2) and select(2) of an ordinary program see of a standard input that is idle, gets bytes and ends.
 * "waiting" on standard error says when it waits for them. The arguments are files to read. */

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>

enum { MANY = 300 };

static void read_file(const char* path) {
  struct pollfd fds[] = {{open(path, O_RDONLY), POLLIN, 0}, {1, POLLOUT, 0}};
  printf("%s: poll %d", path, poll(fds, 2, -1));
  printf(" in %d out %d: ", fds[0].revents == POLLIN, fds[1].revents == POLLOUT);
  char bytes[64];
  for (ssize_t length; (length = read(fds[0].fd, bytes, sizeof bytes)) > 0;) {
    fwrite(bytes, 1, length, stdout);
  }
  printf("\n");
  close(fds[0].fd);
}

int main(int argc, char** argv) {
  struct pollfd fds[] = {{0, POLLIN, 0}, {1, POLLOUT, 0}};
  printf("idle: poll %d", poll(fds, 2, 60000));
  printf(" in %d out %d\n", fds[0].revents != 0, fds[1].revents == POLLOUT);
  printf("timeout: poll %d\n", poll(fds, 1, 20));

  fd_set readers;
  FD_ZERO(&readers);
  FD_SET(0, &readers);
  struct timeval limit = {0, 20000};
  printf("timeout: select %d", select(1, &readers, NULL, NULL, &limit));
  printf(" in %d\n", FD_ISSET(0, &readers));

  struct pollfd many[MANY];
  for (int i = 0; i < MANY; i++) many[i] = fds[1];
  printf("many: poll %d\n", poll(many, MANY, -1));

  for (int i = 1; i < argc; i++) read_file(argv[i]);

  write(2, "waiting\n", strlen("waiting\n"));
  printf("woken: poll %d", poll(fds, 1, -1));
  char bytes[64] = "";
  ssize_t length = read(0, bytes, sizeof bytes - 1);
  printf(" in %d: %s\n", (fds[0].revents & POLLIN) != 0, bytes);

  FD_SET(0, &readers);
  printf("end: select %d", select(1, &readers, NULL, NULL, NULL));
  if (length > 0) length = read(0, bytes, sizeof bytes);
  printf(" in %d, read %zd\n", FD_ISSET(0, &readers), length);
  return 0;
}
