/* A chat server over poll(2): what one client sends in a line, all others get, with the client's number before it.
 *
 *   poll-server LISTENER CLIENTS
 *
 * The listening socket is handed in, since WASI has no socket(), bind() and listen(). A client that has sent all
 * it will still gets what the others send. The server ends once as many clients as the second argument says have
 * come, and all have sent what they will and got what they should. A client whose buffer is full is polled for
 * POLLOUT, and gets the rest later: nobody waits for it. */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOST 16

struct client {
  int number;
  char in[256];
  size_t used;
  char *out;
  size_t pending;
};

static struct pollfd fds[MOST + 1];
static struct client clients[MOST + 1];
static int count = 1, come, ended;

static void fail(const char *call) {
  perror(call);
  exit(EXIT_FAILURE);
}

/* Appends bytes to what a client is to get. */
static void queue(int i, const char *bytes, size_t size) {
  struct client *to = &clients[i];
  to->out = realloc(to->out, to->pending + size);
  if (to->out == NULL) fail("realloc");
  memcpy(to->out + to->pending, bytes, size);
  to->pending += size;
  fds[i].events |= POLLOUT;
}

static void broadcast(int from, const char *line, size_t size) {
  char head[16];
  int length = snprintf(head, sizeof head, "%d: ", clients[from].number);
  for (int i = 1; i < count; i++) {
    if (i == from || fds[i].fd < 0) continue;
    queue(i, head, (size_t)length);
    queue(i, line, size);
  }
}

/* The client sends no more; what it should get is kept. */
static void end(int i) {
  if (fds[i].events & POLLIN) ended++;
  fds[i].events &= ~POLLIN;
}

/* The client is gone. */
static void leave(int i) {
  end(i);
  close(fds[i].fd);
  free(clients[i].out);
  clients[i].pending = 0;
  /* poll() skips it. */
  fds[i].fd = -1;
}

static void set_nonblocking(int fd) {
  if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) == -1) fail("fcntl");
}

/* Accepts all clients that wait. */
static void join(int listener) {
  for (;;) {
    int fd = accept(listener, NULL, NULL);
    if (fd == -1 && errno == EAGAIN) return;
    if (fd == -1) fail("accept");
    if (count > MOST) {
      close(fd);
      continue;
    }
    set_nonblocking(fd);
    clients[count] = (struct client){.number = ++come};
    fds[count++] = (struct pollfd){.fd = fd, .events = POLLIN};
  }
}

/* Reads what there is, and passes on all lines that are whole. */
static void receive(int i) {
  struct client *from = &clients[i];
  for (;;) {
    ssize_t got = read(fds[i].fd, from->in + from->used, sizeof from->in - from->used);
    if (got == -1 && errno == EAGAIN) return;
    if (got <= 0) {
      if (from->used > 0) broadcast(i, from->in, from->used);
      if (got == 0) end(i);
      else leave(i);
      return;
    }
    from->used += (size_t)got;
    char *line = from->in, *newline;
    while ((newline = memchr(line, '\n', from->used)) != NULL) {
      size_t size = (size_t)(newline + 1 - line);
      broadcast(i, line, size);
      from->used -= size;
      line += size;
    }
    memmove(from->in, line, from->used);
    /* A line that does not fit is passed on in parts. */
    if (from->used == sizeof from->in) {
      broadcast(i, from->in, from->used);
      from->used = 0;
    }
  }
}

/* Writes as much as the client takes. */
static void deliver(int i) {
  struct client *to = &clients[i];
  ssize_t done = write(fds[i].fd, to->out, to->pending);
  if (done == -1 && errno == EAGAIN) return;
  if (done == -1) {
    leave(i);
    return;
  }
  to->pending -= (size_t)done;
  memmove(to->out, to->out + done, to->pending);
  if (to->pending == 0) fds[i].events &= ~POLLOUT;
}

/* Whether a client has still to get something. */
static int is_pending(void) {
  for (int i = 1; i < count; i++) {
    if (clients[i].pending > 0) return 1;
  }
  return 0;
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: %s LISTENER CLIENTS\n", argv[0]);
    return EXIT_FAILURE;
  }
  int expected = atoi(argv[2]);
  fds[0] = (struct pollfd){.fd = atoi(argv[1]), .events = POLLIN};
  set_nonblocking(fds[0].fd);
  printf("listening\n");
  fflush(stdout);

  while (ended < expected || is_pending()) {
    if (poll(fds, (nfds_t)count, -1) == -1) fail("poll");
    for (int i = 1; i < count; i++) {
      if (fds[i].revents & POLLOUT) deliver(i);
      if (fds[i].fd >= 0 && fds[i].revents & POLLIN) receive(i);
      else if (fds[i].fd >= 0 && fds[i].revents & (POLLHUP | POLLERR)) leave(i);
    }
    if (fds[0].revents & POLLIN) join(fds[0].fd);
  }
  for (int i = 1; i < count; i++) {
    if (fds[i].fd >= 0) close(fds[i].fd);
  }
  printf("%d clients\n", come);
  return EXIT_SUCCESS;
}
