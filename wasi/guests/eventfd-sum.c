/* The example of eventfd(2): writes its arguments to an eventfd, and reads the sum.
 *
 * Adapted: WASI has no fork(), so that one process does both, and its libc has no err(). */

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

static void fail(const char *what) {
  perror(what);
  exit(EXIT_FAILURE);
}

static int usage(const char *program, const char *arguments) {
  fprintf(stderr, "usage: %s %s\n", program, arguments);
  return EXIT_FAILURE;
}

int main(int argc, char *argv[]) {
  int efd;
  uint64_t u;
  ssize_t s;

  if (argc < 2) return usage(argv[0], "<num>...");

  efd = eventfd(0, 0);
  if (efd == -1) fail("eventfd");

  for (int j = 1; j < argc; j++) {
    printf("Writing %s to efd\n", argv[j]);
    u = strtoull(argv[j], NULL, 0);
    s = write(efd, &u, sizeof(uint64_t));
    if (s != sizeof(uint64_t)) fail("write");
  }
  printf("Completed write loop\n");

  s = read(efd, &u, sizeof(uint64_t));
  if (s != sizeof(uint64_t)) fail("read");
  printf("Read %" PRIu64 " (%#" PRIx64 ") from efd\n", u, u);
  exit(EXIT_SUCCESS);
}
