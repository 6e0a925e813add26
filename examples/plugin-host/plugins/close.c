/* Closes every descriptor, those that it got among them, and tries to use them. */

#include <errno.h>
#include <fcntl.h>
#include "say.h"

int main(void) {
  unsigned long closed = 0;
  for (int fd = 3; fd < 4096; fd++) closed += close(fd) == 0;
  say_count(closed, "closed", 0);
  close(0);
  close(1);
  /* The process has descriptors with these numbers: they must not come to light. */
  say("this must not be seen\n");
  for (int fd = 0; fd < 3; fd++) {
    close(fd);
    write(fd, "nor this\n", 9);
  }
  return open("/dev/omnipoll/eventfd/x", O_RDWR) < 0 ? errno : 0;
}
