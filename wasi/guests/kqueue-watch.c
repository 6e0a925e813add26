/* The example of FreeBSD's kqueue(2): reports writes to a file.
 *
 * Adapted: the file is a descriptor that is handed in, because the paths of a guest are its runtime's; the
 * program ends after as many writes as the second argument says; WASI's libc has no err().
 *
 *   kqueue-watch FD WRITES */

#include <sys/event.h>

#include <stdio.h>
#include <stdlib.h>

static void fail(const char *what) {
  perror(what);
  exit(EXIT_FAILURE);
}

static int usage(const char *program, const char *arguments) {
  fprintf(stderr, "usage: %s %s\n", program, arguments);
  return EXIT_FAILURE;
}

int main(int argc, char **argv) {
  struct kevent event;  /* Event we want to monitor */
  struct kevent tevent; /* Event triggered */
  int kq, fd, ret, left;

  if (argc != 3) return usage(argv[0], "FD WRITES");
  fd = atoi(argv[1]);
  left = atoi(argv[2]);

  /* Create kqueue. */
  kq = kqueue();
  if (kq == -1) fail("kqueue() failed");

  /* Initialize kevent structure. */
  EV_SET(&event, fd, EVFILT_VNODE, EV_ADD | EV_CLEAR, NOTE_WRITE, 0, NULL);
  /* Attach event to the kqueue. */
  ret = kevent(kq, &event, 1, NULL, 0, NULL);
  if (ret == -1) fail("kevent register");
  printf("watching\n");
  fflush(stdout);

  while (left > 0) {
    /* Sleep until something happens. */
    ret = kevent(kq, NULL, 0, &tevent, 1, NULL);
    if (ret == -1) {
      fail("kevent wait");
    } else if (ret > 0) {
      if (tevent.flags & EV_ERROR) fail("Event error");
      printf("Something was written in '%d'\n", (int)tevent.ident);
      fflush(stdout);
      left--;
    }
  }
  return EXIT_SUCCESS;
}
