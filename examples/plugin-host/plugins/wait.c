/* Waits for ever: for a counter that nobody adds to. */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include "say.h"

int main(void) {
  struct pollfd counter = {open("/dev/omnipoll/eventfd/never", O_RDWR), POLLIN, 0};
  say("waiting\n");
  int count = poll(&counter, 1, -1);
  say_count(count < 0 ? 0 : count, "events", errno);
  return 3;
}
