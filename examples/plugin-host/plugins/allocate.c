/* Allocates memory without end. */

#include <stdlib.h>
#include "say.h"

/* So that the compiler cannot leave the blocks out. */
static char *volatile last;

int main(void) {
  for (unsigned long mebibytes = 0;; mebibytes++) {
    last = malloc(1 << 20);
    if (last == NULL) {
      say_number(mebibytes);
      say(" MiB, then no more\n");
      return 4;
    }
    memset(last, 1, 1 << 20);
  }
}
