/* A plugin as it should be: greets each name that it reads, one a line, until its input ends. It waits for its
 * input and for a timer at once, and wakes itself by a pair, as an event loop does. */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

static int add(int ep, int fd) {
  struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
  return epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event);
}

int main(void) {
  int here = open("/dev/omnipoll/pair/wake/a", O_RDWR);
  int there = open("/dev/omnipoll/pair/wake/b", O_RDWR);
  int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  int ep = epoll_create1(0);
  struct itimerspec soon = {.it_value.tv_nsec = 1000000};
  if (here < 0 || there < 0 || ep < 0 || timerfd_settime(timer, 0, &soon, NULL) < 0) {
    perror("greet");
    return 1;
  }
  if (add(ep, STDIN_FILENO) < 0 || add(ep, here) < 0 || add(ep, timer) < 0) {
    perror("greet: epoll_ctl");
    return 1;
  }
  int is_woken = 0;
  for (int open = 3; open > 0;) {
    struct epoll_event events[4];
    int count = epoll_wait(ep, events, 4, 1000);
    if (count <= 0) {
      perror("greet: epoll_wait");
      return 1;
    }
    for (int i = 0; i < count; i++) {
      int fd = events[i].data.fd;
      char text[256];
      ssize_t length = read(fd, text, sizeof(text) - 1);
      if (length > 0 && fd == STDIN_FILENO) {
        text[length] = 0;
        for (char *name = strtok(text, "\n"); name != NULL; name = strtok(NULL, "\n"))
          printf("Hello, %s!\n", name);
        continue;
      }
      if (fd == timer) write(there, "x", 1);
      if (fd == here) is_woken = 1;
      epoll_ctl(ep, EPOLL_CTL_DEL, fd, NULL);
      open--;
    }
  }
  if (is_woken) puts("woken");
  return 0;
}
