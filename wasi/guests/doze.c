/* Sleeps and polls in turn until its input ends; prints the input then. Each piece of input has a block of memory of
 * its own, of 1 KiB unless told. With 64 KiB, the page of WebAssembly, the memory grows between the waits.
 *
 *   doze SLEEP-MS POLL-MS [BLOCK-BYTES] */

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct piece {
  struct piece *next;
  ssize_t length;
  char bytes[];
};

static long long microseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

static int fail(const char *what) {
  perror(what);
  return EXIT_FAILURE;
}

int main(int argc, char *argv[]) {
  if (argc != 3 && argc != 4) {
    fprintf(stderr, "usage: %s sleep-ms poll-ms [block-bytes]\n", argv[0]);
    return 2;
  }
  int nap = atoi(argv[1]), patience = atoi(argv[2]);
  size_t room = argc == 4 ? (size_t) atoi(argv[3]) : 1024;
  struct piece *first = NULL, **last = &first;
  int short_naps = 0;

  for (;;) {
    struct timespec duration = {nap / 1000, nap % 1000 * 1000000};
    long long before = microseconds();
    if (nanosleep(&duration, NULL) == -1) return fail("nanosleep");
    if (microseconds() - before < nap * 1000LL) short_naps++;

    struct pollfd input = {STDIN_FILENO, POLLIN, 0};
    int ready = poll(&input, 1, patience);
    if (ready == -1) return fail("poll");
    if (ready == 0) continue;
    struct piece *piece = malloc(sizeof *piece + room);
    if (piece == NULL) return fail("malloc");
    piece->length = read(STDIN_FILENO, piece->bytes, room < BUFSIZ ? room : BUFSIZ);
    if (piece->length == -1) return fail("read");
    if (piece->length == 0) break;
    piece->next = NULL;
    *last = piece;
    last = &piece->next;
  }

  for (struct piece *piece = first; piece != NULL; piece = piece->next)
    fwrite(piece->bytes, 1, piece->length, stdout);
  printf("end, %d naps too short\n", short_naps);
  return EXIT_SUCCESS;
}
