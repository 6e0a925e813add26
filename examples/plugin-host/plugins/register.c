/* Opens and registers a million descriptors. */

#include <errno.h>
#include <sys/epoll.h>
#include <sys/event.h>
#include <sys/eventfd.h>
#include "say.h"

int main(void) {
  unsigned long opened = 0, registered = 0, timers = 0;
  int ep = epoll_create1(0), kq = kqueue(), errors[3] = {0, 0, 0};
  for (int i = 0; i < 1000000; i++) {
    int fd = eventfd(0, 0);
    if (fd >= 0) opened++;
    else errors[0] = errno;
    struct epoll_event event = {.events = EPOLLIN};
    if (fd >= 0 && epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event) == 0) registered++;
    struct kevent change;
    EV_SET(&change, i, EVFILT_TIMER, EV_ADD, 0, 1000000, NULL);
    if (kevent(kq, &change, 1, NULL, 0, NULL) == 0) timers++;
    else errors[1] = errno;
    if (i != 1000) continue;
    say_count(opened, "opened", errors[0]);
    say_count(registered, "registered", 0);
    say_count(timers, "timers", errors[1]);
  }
  return 0;
}
