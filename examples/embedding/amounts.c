#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "amounts.h"

int readable_bytes(int fd, int64_t* out) {
  int bytes = 0;
  if (ioctl(fd, FIONREAD, &bytes) < 0) return -errno;
  *out = bytes;
  return 0;
}

static int pipe_room(int fd, int64_t* out) {
  int size = fcntl(fd, F_GETPIPE_SZ);
  if (size < 0) return -errno;
  int error = readable_bytes(fd, out);
  if (error == 0) *out = *out > size ? 0 : size - *out;
  return error;
}

int writable_bytes(int fd, int64_t* out) {
  int size = 0, queued = 0;
  socklen_t length = sizeof(size);
  if (getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, &length) < 0) {
    return errno == ENOTSOCK ? pipe_room(fd, out) : -errno;
  }
  if (ioctl(fd, SIOCOUTQ, &queued) < 0) return -errno;
  *out = queued > size ? 0 : size - queued;
  return 0;
}

/* SO_ERROR would take the error from the program. A reset is by far the most frequent one of a
 * socket; host/native/linux/data.c infers others from TCP_INFO. A pipe has but one: its reader is
 * gone. */
int pending_error(int fd) {
  struct stat file;
  return fstat(fd, &file) == 0 && S_ISSOCK(file.st_mode) ? ECONNRESET : EPIPE;
}
