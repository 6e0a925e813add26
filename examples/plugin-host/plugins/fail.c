/* Ends with a status. */

#include <stdlib.h>

int main(void) {
  exit(7);
}
