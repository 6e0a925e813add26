/* fd_stat and fd_data of the module "host": what kqueue's filters report, and the kinds of
 * descriptors by which they differ. host/native/linux/stat.c and data.c know more special cases. */

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* The kernel's header: the C library's lacks the newer fields. */
#include <linux/tcp.h>

#include "amounts.h"
#include "core.h"

struct stat_record {
  uint32_t kind, nlink;
  uint64_t ino, dev;
  int64_t bytes, blocks;
  uint32_t flags;
  int64_t offset;
};

_Static_assert(sizeof(struct stat_record) == OMNIPOLL_STAT_SIZE, "stat record");
_Static_assert(offsetof(struct stat_record, ino) == OMNIPOLL_STAT_INO, "stat.ino");
_Static_assert(offsetof(struct stat_record, bytes) == OMNIPOLL_STAT_BYTES, "stat.bytes");
_Static_assert(offsetof(struct stat_record, flags) == OMNIPOLL_STAT_FLAGS, "stat.flags");
_Static_assert(offsetof(struct stat_record, offset) == OMNIPOLL_STAT_OFFSET, "stat.offset");

/* An `int` option of a socket; -1 if it has none. */
static int option(int fd, int name) {
  int value = 0;
  socklen_t length = sizeof(value);
  return getsockopt(fd, SOL_SOCKET, name, &value, &length) < 0 ? -1 : value;
}

static uint32_t kind_of_socket(int fd) {
  switch (option(fd, SO_TYPE)) {
    case SOCK_STREAM:
    case SOCK_SEQPACKET:
      return option(fd, SO_ACCEPTCONN) > 0 ? OMNIPOLL_FD_LISTENER : OMNIPOLL_FD_STREAM;
    case SOCK_DGRAM:
      return option(fd, SO_DOMAIN) == AF_NETLINK ? OMNIPOLL_FD_OTHER : OMNIPOLL_FD_DATAGRAM;
    default:
      return OMNIPOLL_FD_OTHER;
  }
}

/* A descriptor without a type in its mode: only its name in /proc tells its kind. */
static uint32_t kind_of_anonymous(int fd) {
  char path[32], target[32] = "";
  snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
  if (readlink(path, target, sizeof(target) - 1) < 0) return OMNIPOLL_FD_OTHER;
  if (strcmp(target, "anon_inode:[eventfd]") == 0) return OMNIPOLL_FD_EVENTFD;
  return strcmp(target, "anon_inode:[eventpoll]") == 0 ? OMNIPOLL_FD_EPOLL : OMNIPOLL_FD_OTHER;
}

static uint32_t kind_of(int fd, mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return OMNIPOLL_FD_FILE;
    case S_IFDIR:
      return OMNIPOLL_FD_DIRECTORY;
    case S_IFIFO:
      return OMNIPOLL_FD_PIPE;
    case S_IFSOCK:
      return kind_of_socket(fd);
    case S_IFCHR:
      return isatty(fd) ? OMNIPOLL_FD_TERMINAL : OMNIPOLL_FD_DEVICE;
    case S_IFBLK:
      return OMNIPOLL_FD_DEVICE;
    default:
      return kind_of_anonymous(fd);
  }
}

uint32_t IMPORT(fd_stat)(IMPORTS* host, uint32_t fd, uint32_t address) {
  void* to = memory_at(host->memory, address, 1, sizeof(struct stat_record));
  if (to == NULL) return (uint32_t) -EFAULT;
  struct stat file;
  int flags = fcntl((int) fd, F_GETFL);
  /* O_PATH: a place in the file system, which cannot be waited for. */
  if (flags < 0 || (flags & O_PATH) != 0 || fstat((int) fd, &file) < 0) return (uint32_t) -EBADF;

  struct stat_record record;
  memset(&record, 0, sizeof(record));
  record.kind = kind_of((int) fd, file.st_mode);
  record.nlink = (uint32_t) file.st_nlink;
  record.ino = file.st_ino;
  record.dev = file.st_dev;
  record.bytes = file.st_size;
  record.blocks = file.st_blocks;
  if ((flags & O_ACCMODE) != O_WRONLY) record.flags |= OMNIPOLL_ACCESS_READ;
  if ((flags & O_ACCMODE) != O_RDONLY) record.flags |= OMNIPOLL_ACCESS_WRITE;
  if (S_ISREG(file.st_mode) || S_ISDIR(file.st_mode)) {
    off_t offset = lseek((int) fd, 0, SEEK_CUR);
    record.offset = offset < 0 ? 0 : offset;
  }
  memcpy(to, &record, sizeof(record));
  return 0;
}

struct data_record {
  int32_t fd;
  uint32_t what;
  int64_t value;
  int32_t error;
  uint32_t state;
};

_Static_assert(sizeof(struct data_record) == OMNIPOLL_DATA_SIZE, "data record");
_Static_assert(offsetof(struct data_record, value) == OMNIPOLL_DATA_VALUE, "data.value");
_Static_assert(offsetof(struct data_record, error) == OMNIPOLL_DATA_ERROR, "data.error");
_Static_assert(offsetof(struct data_record, state) == OMNIPOLL_DATA_STATE, "data.state");

/* States of a TCP socket. <netinet/tcp.h> has them, but cannot be included beside <linux/tcp.h>. */
enum { ESTABLISHED = 1, SYN_SENT = 2, SYN_RECV = 3, CLOSED = 7, CLOSE_WAIT = 8 };

static bool tcp_info(int fd, struct tcp_info* out) {
  memset(out, 0, sizeof(*out));
  socklen_t length = sizeof(*out);
  return getsockopt(fd, IPPROTO_TCP, TCP_INFO, out, &length) == 0;
}

/* The rest of a file, which may be below 0. */
static int rest_of_file(int fd, int64_t* out) {
  struct stat file;
  off_t offset = lseek(fd, 0, SEEK_CUR);
  if (offset < 0 || fstat(fd, &file) < 0) return -errno;
  *out = file.st_size - offset;
  return 0;
}

/* The counter of an eventfd, which only /proc shows without taking it. */
static int counter(int fd, int64_t* out) {
  static const char label[] = "eventfd-count:";
  char path[40], line[64];
  snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
  FILE* file = fopen(path, "re");
  if (file == NULL) return errno == ENOENT ? -EBADF : -errno;
  int result = -EINVAL;
  while (result != 0 && fgets(line, sizeof(line), file) != NULL) {
    if (strncmp(line, label, strlen(label)) != 0) continue;
    *out = (int64_t) strtoull(line + strlen(label), NULL, 16);
    result = 0;
  }
  fclose(file);
  return result;
}

/* Connections that wait. Of a listener of TCP, TCP_INFO tells; of others, poll(2) said at least
 * one. */
static int backlog(int fd, int64_t* out) {
  struct tcp_info info;
  if (option(fd, SO_ACCEPTCONN) <= 0) return -EINVAL;
  *out = tcp_info(fd, &info) && info.tcpi_unacked > 1 ? info.tcpi_unacked : 1;
  return 0;
}

/* DATA_STATE_* and the error of a socket; 0 of other descriptors. */
static uint32_t state_of(int fd) {
  struct tcp_info info;
  struct sockaddr_storage peer;
  socklen_t length = sizeof(peer);
  struct pollfd one = {.fd = fd};
  int type = option(fd, SO_TYPE);
  if (type < 0 || option(fd, SO_ACCEPTCONN) > 0) return 0;
  bool has_error = poll(&one, 1, 0) > 0 && (one.revents & POLLERR) != 0;
  uint32_t state = has_error ? (uint32_t) pending_error(fd) : 0;
  if (type != SOCK_STREAM && type != SOCK_SEQPACKET) return state;
  if (tcp_info(fd, &info)) {
    if (info.tcpi_state == CLOSED && info.tcpi_segs_out == 0) {
      return state | OMNIPOLL_DATA_STATE_UNCONNECTED;
    }
    bool is_open = info.tcpi_state == ESTABLISHED || info.tcpi_state == SYN_SENT ||
                   info.tcpi_state == SYN_RECV || info.tcpi_state == CLOSE_WAIT;
    return state | (is_open ? 0 : OMNIPOLL_DATA_STATE_SHUT_WRITE);
  }
  if (getpeername(fd, (struct sockaddr*) &peer, &length) < 0 && errno == ENOTCONN) {
    return state | OMNIPOLL_DATA_STATE_UNCONNECTED;
  }
  /* A stream of AF_UNIX sends no message of 0 bytes, and checks its shutdown first. */
  bool is_shut = type == SOCK_STREAM && send(fd, "", 0, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
                 errno == EPIPE;
  return state | (is_shut ? OMNIPOLL_DATA_STATE_SHUT_WRITE : 0);
}

static int answer(int fd, uint32_t question, int64_t* out) {
  struct tcp_info info;
  switch (question) {
    case OMNIPOLL_DATA_OPEN:
      return fcntl(fd, F_GETFD) < 0 ? -errno : 0;
    case OMNIPOLL_DATA_READABLE:
      return readable_bytes(fd, out);
    case OMNIPOLL_DATA_SENDABLE:
    case OMNIPOLL_DATA_PIPE_ROOM:
      return writable_bytes(fd, out);
    case OMNIPOLL_DATA_BACKLOG:
      return backlog(fd, out);
    case OMNIPOLL_DATA_FILE:
      return rest_of_file(fd, out);
    case OMNIPOLL_DATA_COUNTER:
      return counter(fd, out);
    case OMNIPOLL_DATA_UNREAD:
      return tcp_info(fd, &info) ? readable_bytes(fd, out) : -EOPNOTSUPP;
    default:
      return -EINVAL;
  }
}

uint32_t IMPORT(fd_data)(IMPORTS* host, uint32_t records, uint32_t count) {
  uint8_t* at = memory_at(host->memory, records, count, sizeof(struct data_record));
  if (at == NULL) return (uint32_t) -EFAULT;
  for (uint32_t i = 0; i < count; i++, at += sizeof(struct data_record)) {
    struct data_record record;
    memcpy(&record, at, sizeof(record));
    record.value = 0;
    uint32_t question = record.what & ~(uint32_t) OMNIPOLL_DATA_WITH_STATE;
    record.error = answer(record.fd, question, &record.value);
    if (record.error != 0) record.value = 0;
    record.state = question != record.what ? state_of(record.fd) : 0;
    memcpy(at, &record, sizeof(record));
  }
  return 0;
}
