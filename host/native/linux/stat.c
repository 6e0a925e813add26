/* The kind of a descriptor, and its file. */

#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <termios.h>
#include <unistd.h>

#include "sources.h"

/* As asm/abi.ts lays it out. */
struct stat_record {
  uint32_t kind;
  uint32_t nlink;
  uint64_t ino;
  uint64_t dev;
  int64_t bytes;
  int64_t blocks;
  uint32_t flags;
  int64_t offset;
};

_Static_assert(sizeof(struct stat_record) == ABI_STAT_SIZE, "stat record");
_Static_assert(offsetof(struct stat_record, kind) == ABI_STAT_KIND, "stat.kind");
_Static_assert(offsetof(struct stat_record, nlink) == ABI_STAT_NLINK, "stat.nlink");
_Static_assert(offsetof(struct stat_record, ino) == ABI_STAT_INO, "stat.ino");
_Static_assert(offsetof(struct stat_record, dev) == ABI_STAT_DEV, "stat.dev");
_Static_assert(offsetof(struct stat_record, bytes) == ABI_STAT_BYTES, "stat.bytes");
_Static_assert(offsetof(struct stat_record, blocks) == ABI_STAT_BLOCKS, "stat.blocks");
_Static_assert(offsetof(struct stat_record, flags) == ABI_STAT_FLAGS, "stat.flags");
_Static_assert(offsetof(struct stat_record, offset) == ABI_STAT_OFFSET, "stat.offset");

static int option(int fd, int name) {
  int value = 0;
  socklen_t length = sizeof(value);
  return getsockopt(fd, SOL_SOCKET, name, &value, &length) < 0 ? -1 : value;
}

/* Netlink and packet sockets may have the type of datagram sockets, but are another kind. */
static uint32_t socket_kind(int fd) {
  int domain = option(fd, SO_DOMAIN);
  if (domain == AF_NETLINK || domain == AF_PACKET) return ABI_FD_OTHER;
  switch (option(fd, SO_TYPE)) {
    case SOCK_STREAM:
    case SOCK_SEQPACKET:
      return option(fd, SO_ACCEPTCONN) > 0 ? ABI_FD_LISTENER : ABI_FD_STREAM;
    case SOCK_DGRAM:
      return ABI_FD_DATAGRAM;
    default:
      return ABI_FD_OTHER;
  }
}

/* The kind of a descriptor without a type in its mode, which only the link in /proc shows. */
static uint32_t anonymous_kind(int fd) {
  char path[32], target[32];
  snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
  ssize_t length = readlink(path, target, sizeof(target) - 1);
  target[length < 0 ? 0 : length] = '\0';
  if (strcmp(target, "anon_inode:[eventfd]") == 0) return ABI_FD_EVENTFD;
  if (strcmp(target, "anon_inode:[eventpoll]") == 0) return ABI_FD_EPOLL;
  return ABI_FD_OTHER;
}

static uint32_t kind_of(int fd, mode_t mode) {
  struct termios terminal;
  switch (mode & S_IFMT) {
    case S_IFREG:
      return ABI_FD_FILE;
    case S_IFDIR:
      return ABI_FD_DIRECTORY;
    case S_IFIFO:
      return ABI_FD_PIPE;
    case S_IFSOCK:
      return socket_kind(fd);
    case S_IFCHR:
      return tcgetattr(fd, &terminal) == 0 ? ABI_FD_TERMINAL : ABI_FD_DEVICE;
    case S_IFBLK:
      return ABI_FD_DEVICE;
    case 0:
      return anonymous_kind(fd);
    default:
      return ABI_FD_OTHER;
  }
}

/* The file system of pipes without a name (pipefs); 0 until a pipe on it was seen. */
static _Atomic dev_t nameless;

static bool is_named_pipe(int fd, const struct stat* file) {
  if (!S_ISFIFO(file->st_mode) || file->st_dev == nameless) return false;
  struct statfs system;
  if (nameless != 0 || fstatfs(fd, &system) < 0 || system.f_type != PIPEFS_MAGIC) return true;
  nameless = file->st_dev;
  return false;
}

/* fd_stat(memory, fd, address) */
napi_value select_fd_stat(napi_env env, napi_callback_info info) {
  napi_value argv[3], one = NULL;
  int32_t fd = 0;
  uint8_t* out = NULL;
  uint32_t count = 0;
  if (!read_arguments(env, info, 3, argv) || !read_i32(env, argv[1], &fd)) {
    return integer(env, -EINVAL);
  }
  napi_create_uint32(env, 1, &one);
  int failure = read_records(env, argv[0], argv[2], one, ABI_STAT_SIZE, &out, &count);
  if (failure != 0) return integer(env, failure);

  struct stat file;
  int flags = fcntl(fd, F_GETFL);
  /* O_PATH: a place in the file system, which cannot be waited for. */
  if (flags < 0 || (flags & O_PATH) != 0) return integer(env, -EBADF);
  if (fstat(fd, &file) < 0) return integer(env, -errno);

  struct stat_record record = {
      .kind = kind_of(fd, file.st_mode),
      .nlink = (uint32_t) file.st_nlink,
      .ino = file.st_ino,
      .dev = file.st_dev,
      .bytes = file.st_size,
      .blocks = file.st_blocks,
  };
  int access = flags & O_ACCMODE;
  if (access == O_RDONLY || access == O_RDWR) record.flags |= ABI_ACCESS_READ;
  if (access == O_WRONLY || access == O_RDWR) record.flags |= ABI_ACCESS_WRITE;
  if (is_named_pipe(fd, &file)) record.flags |= ABI_ACCESS_NAMED;
  if (record.kind == ABI_FD_FILE || record.kind == ABI_FD_DIRECTORY) {
    off_t offset = lseek(fd, 0, SEEK_CUR);
    record.offset = offset < 0 ? 0 : offset;
  }
  memcpy(out, &record, sizeof(record));
  return integer(env, 0);
}
