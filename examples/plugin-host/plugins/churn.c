/* Opens and closes descriptors for ever: it is always in the middle of something. */

#include <sys/epoll.h>
#include <sys/event.h>
#include <sys/eventfd.h>
#include <unistd.h>

int main(void) {
  for (;;) {
    int fds[] = {eventfd(0, 0), epoll_create1(0), kqueue()};
    struct kevent change;
    EV_SET(&change, fds[0], EVFILT_READ, EV_ADD, 0, 0, NULL);
    kevent(fds[2], &change, 1, NULL, 0, NULL);
    for (int i = 0; i < 3; i++) close(fds[i]);
  }
}
