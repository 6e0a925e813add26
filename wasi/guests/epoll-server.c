/* The server of epoll(7), with what that page leaves out: descriptors that are edge-triggered and do not
 * block, an echo as the use of a descriptor.
 *
 * Adapted: WASI has no socket(), bind() and listen(), so that the listening socket is handed in; and the
 * server ends once as many clients as the second argument says have come and gone.
 *
 *   epoll-server LISTENER CLIENTS */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_EVENTS 10

static int left;

static void setnonblocking(int fd) {
  int flags = fcntl(fd, F_GETFL);
  if (flags == -1 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1) {
    perror("fcntl");
    exit(EXIT_FAILURE);
  }
}

/* Echoes until there is nothing to read; an edge-triggered descriptor is not reported again before that. */
static void do_use_fd(int fd) {
  char buffer[512];
  for (;;) {
    ssize_t count = read(fd, buffer, sizeof buffer);
    if (count == -1 && errno == EAGAIN) return;
    if (count <= 0) {
      if (count == -1) perror("read");
      close(fd);
      left--;
      return;
    }
    for (ssize_t done = 0; done < count;) {
      ssize_t written = write(fd, buffer + done, (size_t)(count - done));
      if (written == -1) {
        perror("write");
        exit(EXIT_FAILURE);
      }
      done += written;
    }
  }
}

int main(int argc, char **argv) {
  struct epoll_event ev, events[MAX_EVENTS];
  int listen_sock, conn_sock, nfds, epollfd, n;

  if (argc != 3) {
    fprintf(stderr, "usage: %s LISTENER CLIENTS\n", argv[0]);
    return EXIT_FAILURE;
  }
  listen_sock = atoi(argv[1]);
  left = atoi(argv[2]);

  epollfd = epoll_create1(0);
  if (epollfd == -1) {
    perror("epoll_create1");
    exit(EXIT_FAILURE);
  }

  ev.events = EPOLLIN;
  ev.data.fd = listen_sock;
  if (epoll_ctl(epollfd, EPOLL_CTL_ADD, listen_sock, &ev) == -1) {
    perror("epoll_ctl: listen_sock");
    exit(EXIT_FAILURE);
  }
  printf("listening\n");
  fflush(stdout);

  while (left > 0) {
    nfds = epoll_wait(epollfd, events, MAX_EVENTS, -1);
    if (nfds == -1) {
      perror("epoll_wait");
      exit(EXIT_FAILURE);
    }

    for (n = 0; n < nfds; ++n) {
      if (events[n].data.fd == listen_sock) {
        conn_sock = accept(listen_sock, NULL, NULL);
        if (conn_sock == -1) {
          perror("accept");
          exit(EXIT_FAILURE);
        }
        setnonblocking(conn_sock);
        ev.events = EPOLLIN | EPOLLET;
        ev.data.fd = conn_sock;
        if (epoll_ctl(epollfd, EPOLL_CTL_ADD, conn_sock, &ev) == -1) {
          perror("epoll_ctl: conn_sock");
          exit(EXIT_FAILURE);
        }
      } else {
        do_use_fd(events[n].data.fd);
      }
    }
  }
  printf("done\n");
  return EXIT_SUCCESS;
}
