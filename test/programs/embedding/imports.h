/* What the tests of the imports share. They call the imports as the core does, and as a hostile
 * module could: no address reaches a byte outside the memory, which ends where a page without
 * access begins. A program prints a line for each call that is wrong, and how many were. */

#ifndef IMPORTS_H
#define IMPORTS_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core.h"

enum { PAGE = 65536 };

static wasm_rt_memory_t memory;
static IMPORTS imports = {&memory};
static int failures;

static void check(int line, const char* call, int64_t result, int64_t wanted) {
  if (result == wanted) return;
  printf("line %d: %s is %lld, not %lld\n", line, call, (long long) result, (long long) wanted);
  failures++;
}

#define IS(value, wanted) check(__LINE__, #value, (int64_t) (value), (int64_t) (wanted))
/* The result of an import. */
#define GIVES(call, wanted) check(__LINE__, #call, (int32_t) (call), (wanted))

/* Addresses at which not all of `size` bytes are in the memory; the end of the last ones wraps. */
#define OUTSIDE(size) \
  (const uint32_t[]) { PAGE - (size) + 1, PAGE, UINT32_MAX - (size) + 1, UINT32_MAX }
enum { OUTSIDE_COUNT = 4 };

/* Bytes of the memory. */
static inline void put(uint32_t address, const void* from, size_t size) {
  memcpy(memory.data + address, from, size);
}

static inline void get(void* to, uint32_t address, size_t size) {
  memcpy(to, memory.data + address, size);
}

/* Two connected sockets, of which the second has closed with bytes unread: the first has an error
 * (ECONNRESET), and `bytes` to read that came before. */
static inline int reset_socket(int bytes) {
  int ends[2];
  static const char data[16];
  bool is_made = socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0 && write(ends[0], data, 1) == 1 &&
                 write(ends[1], data, (size_t) bytes) == bytes && close(ends[1]) == 0;
  if (!is_made) check(__LINE__, "reset_socket", errno, 0);
  return ends[0];
}

/* A file of 10 bytes, at position 4. */
static inline int file_at_4(void) {
  int fd = memfd_create("imports", MFD_CLOEXEC);
  if (ftruncate(fd, 10) < 0 || lseek(fd, 4, SEEK_SET) != 4) check(__LINE__, "file", errno, 0);
  return fd;
}

/* Runs the checks, with the write end of a pipe. Returns the status of the program. */
static int run(void (*const* checks)(int fd)) {
  int ends[2];
  uint8_t* start = mmap(NULL, 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED || mprotect(start, PAGE, PROT_READ | PROT_WRITE) < 0 || pipe(ends) < 0) {
    perror("imports");
    return 2;
  }
  memory.data = start;
  memory.size = PAGE;
  for (; *checks != NULL; checks++) (*checks)(ends[1]);
  printf("%d wrong\n", failures);
  return failures == 0 ? 0 : 1;
}

#endif
