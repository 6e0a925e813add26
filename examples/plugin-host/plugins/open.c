/* Opens pairs and counters by path, without end. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include "say.h"

int main(void) {
  unsigned long opened = 0;
  for (unsigned i = 0;; i++) {
    char path[64];
    snprintf(path, sizeof(path), "/dev/omnipoll/pair/%u/a", i);
    if (open(path, O_RDWR) >= 0) opened++;
    snprintf(path, sizeof(path), "/dev/omnipoll/eventfd/%u", i);
    if (open(path, O_RDWR) >= 0) opened++;
    if (i == 100) say_count(opened, "opened", errno);
  }
}
