/* Opens some descriptors, then computes for ever, without a call. */

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/event.h>
#include <sys/timerfd.h>
#include "say.h"

int main(void) {
  int ep = epoll_create1(0), kq = kqueue();
  struct epoll_event event = {.events = EPOLLIN};
  epoll_ctl(ep, EPOLL_CTL_ADD, timerfd_create(CLOCK_MONOTONIC, 0), &event);
  struct kevent change;
  EV_SET(&change, open("/dev/omnipoll/pair/x/a", O_RDWR), EVFILT_READ, EV_ADD, 0, 0, NULL);
  kevent(kq, &change, 1, NULL, 0, NULL);
  say("spinning\n");
  for (volatile unsigned long turn = 0;; turn++) continue;
}
