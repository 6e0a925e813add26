/* Fills a counter, and adds to it once more: the kernel would block the thread until somebody reads. */

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include "say.h"

int main(void) {
  int counter = open("/dev/omnipoll/eventfd/full", O_RDWR);
  uint64_t most = UINT64_MAX - 2, more = 2;
  if (write(counter, &most, sizeof(most)) != sizeof(most)) return 1;
  say("full\n");
  return write(counter, &more, sizeof(more)) < 0 ? errno : 0;
}
