/* The imports of core.wasi.wasm on Linux: the part of wasi_snapshot_preview1 that the core needs.
 * What poll_oneoff owes is in wasi-oneoff.c; here are the clocks, and what tells the kind of a
 * descriptor. */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core.h"
#include "wasi.h"

uint32_t wasi_errno(int error) {
  switch (error) {
    case 0:
      return WASI_SUCCESS;
    case EACCES:
      return WASI_ACCES;
    case EAGAIN:
      return WASI_AGAIN;
    case EBADF:
      return WASI_BADF;
    case ECONNRESET:
      return WASI_CONNRESET;
    case EFAULT:
      return WASI_FAULT;
    case EINTR:
      return WASI_INTR;
    case EINVAL:
      return WASI_INVAL;
    case ENOMEM:
      return WASI_NOMEM;
    case EOVERFLOW:
      return WASI_OVERFLOW;
    case EPERM:
      return WASI_PERM;
    case EPIPE:
      return WASI_PIPE;
    case ESPIPE:
      return WASI_SPIPE;
    default:
      return WASI_IO;
  }
}

uint64_t nanoseconds_of(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (uint64_t) time.tv_sec * 1000000000 + (uint64_t) time.tv_nsec;
}

uint32_t IMPORT(clock_time_get)(IMPORTS* wasi, uint32_t clock, uint64_t precision,
                                uint32_t address) {
  (void) precision;
  uint64_t* to = memory_at(wasi->memory, address, 1, sizeof(uint64_t));
  if (to == NULL) return WASI_FAULT;
  if (clock != WASI_CLOCK_REALTIME && clock != WASI_CLOCK_MONOTONIC) return WASI_INVAL;
  uint64_t now = nanoseconds_of(clock == WASI_CLOCK_REALTIME ? CLOCK_REALTIME : CLOCK_MONOTONIC);
  memcpy(to, &now, sizeof(now));
  return WASI_SUCCESS;
}

/* The filetype of witx. A pipe has none, as in wasi-libc's own runtimes. */
static uint8_t filetype_of(int fd, mode_t mode) {
  int type = 0;
  socklen_t length = sizeof(type);
  switch (mode & S_IFMT) {
    case S_IFBLK:
      return WASI_FILETYPE_BLOCK_DEVICE;
    case S_IFCHR:
      return WASI_FILETYPE_CHARACTER_DEVICE;
    case S_IFDIR:
      return WASI_FILETYPE_DIRECTORY;
    case S_IFREG:
      return WASI_FILETYPE_REGULAR_FILE;
    case S_IFSOCK:
      if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) < 0) return WASI_FILETYPE_UNKNOWN;
      return type == SOCK_DGRAM ? WASI_FILETYPE_SOCKET_DGRAM : WASI_FILETYPE_SOCKET_STREAM;
    default:
      return WASI_FILETYPE_UNKNOWN;
  }
}

/* Nanoseconds since 1970. */
static uint64_t timestamp_of(struct timespec time) {
  return (uint64_t) time.tv_sec * 1000000000 + (uint64_t) time.tv_nsec;
}

uint32_t IMPORT(fd_filestat_get)(IMPORTS* wasi, uint32_t fd, uint32_t address) {
  struct wasi_filestat* to = memory_at(wasi->memory, address, 1, sizeof(*to));
  struct stat file;
  if (to == NULL) return WASI_FAULT;
  if (fstat((int) fd, &file) < 0) return wasi_errno(errno);
  struct wasi_filestat out;
  memset(&out, 0, sizeof(out));
  out.dev = file.st_dev;
  out.ino = file.st_ino;
  out.filetype = filetype_of((int) fd, file.st_mode);
  out.nlink = file.st_nlink;
  out.size = (uint64_t) file.st_size;
  out.atim = timestamp_of(file.st_atim);
  out.mtim = timestamp_of(file.st_mtim);
  out.ctim = timestamp_of(file.st_ctim);
  memcpy(to, &out, sizeof(out));
  return WASI_SUCCESS;
}

uint32_t IMPORT(fd_fdstat_get)(IMPORTS* wasi, uint32_t fd, uint32_t address) {
  struct wasi_fdstat* to = memory_at(wasi->memory, address, 1, sizeof(*to));
  struct stat file;
  int flags = fcntl((int) fd, F_GETFL);
  if (to == NULL) return WASI_FAULT;
  if (flags < 0 || fstat((int) fd, &file) < 0) return wasi_errno(errno);
  struct wasi_fdstat out;
  memset(&out, 0, sizeof(out));
  out.filetype = filetype_of((int) fd, file.st_mode);
  if ((flags & O_APPEND) != 0) out.flags |= WASI_FDFLAGS_APPEND;
  if ((flags & O_NONBLOCK) != 0) out.flags |= WASI_FDFLAGS_NONBLOCK;
  out.rights = WASI_RIGHTS_POLL | WASI_RIGHTS_FILESTAT_GET;
  if ((flags & O_ACCMODE) != O_WRONLY) out.rights |= WASI_RIGHTS_READ;
  if ((flags & O_ACCMODE) != O_RDONLY) out.rights |= WASI_RIGHTS_WRITE;
  if (S_ISREG(file.st_mode)) out.rights |= WASI_RIGHTS_SEEK | WASI_RIGHTS_TELL;
  memcpy(to, &out, sizeof(out));
  return WASI_SUCCESS;
}

uint32_t IMPORT(fd_tell)(IMPORTS* wasi, uint32_t fd, uint32_t address) {
  void* to = memory_at(wasi->memory, address, 1, sizeof(uint64_t));
  if (to == NULL) return WASI_FAULT;
  off_t offset = lseek((int) fd, 0, SEEK_CUR);
  if (offset < 0) return wasi_errno(errno);
  uint64_t out = (uint64_t) offset;
  memcpy(to, &out, sizeof(out));
  return WASI_SUCCESS;
}

uint32_t IMPORT(fd_close)(IMPORTS* wasi, uint32_t fd) {
  (void) wasi;
  return wasi_errno(close((int) fd) < 0 ? errno : 0);
}
