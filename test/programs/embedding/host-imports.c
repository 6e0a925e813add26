/* The imports of host.c, descriptors.c and absent.c. */

#include <math.h>

#include "imports.h"

static void addresses(int fd) {
  for (int i = 0; i < OUTSIDE_COUNT; i++) {
    GIVES(IMPORT(poll)(&imports, OUTSIDE(8)[i], 1, 0), -EFAULT);
    GIVES(IMPORT(read)(&imports, (uint32_t) fd, OUTSIDE(8)[i], 8), -EFAULT);
    GIVES(IMPORT(write)(&imports, (uint32_t) fd, OUTSIDE(8)[i], 8), -EFAULT);
    GIVES(IMPORT(fd_stat)(&imports, (uint32_t) fd, OUTSIDE(56)[i]), -EFAULT);
    GIVES(IMPORT(fd_data)(&imports, OUTSIDE(24)[i], 1), -EFAULT);
  }
  /* Products beyond 32 bits, and numbers below 0. */
  GIVES(IMPORT(poll)(&imports, 0, UINT32_MAX / 8 + 2, 0), -EFAULT);
  GIVES(IMPORT(poll)(&imports, 0, UINT32_MAX, 0), -EFAULT);
  GIVES(IMPORT(fd_data)(&imports, 0, UINT32_MAX / 24 + 1), -EFAULT);
  GIVES(IMPORT(read)(&imports, (uint32_t) fd, 1, UINT32_MAX), -EFAULT);
  GIVES(IMPORT(write)(&imports, (uint32_t) fd, 1, UINT32_MAX), -EFAULT);
  /* The last bytes of the memory are inside. */
  GIVES(IMPORT(fd_stat)(&imports, (uint32_t) fd, PAGE - 56), 0);
  GIVES(IMPORT(fd_data)(&imports, PAGE - 24, 1), 0);
}

static void values(int fd) {
  /* A question that does not exist is an error of its record. */
  const int32_t question[6] = {fd, 0xfe, 0, 0, 0, 0};
  memcpy(memory.data, question, sizeof(question));
  GIVES(IMPORT(fd_data)(&imports, 0, 1), 0);
  int32_t error;
  memcpy(&error, memory.data + OMNIPOLL_DATA_ERROR, sizeof(error));
  IS(error, -EINVAL);
  GIVES(IMPORT(close)(&imports, UINT32_MAX), -EBADF);
  GIVES(IMPORT(fd_stat)(&imports, UINT32_MAX, 0), -EBADF);
  GIVES(IMPORT(read)(&imports, UINT32_MAX, 0, 1), -EBADF);
  /* A poll record of a descriptor that is not open. */
  const int32_t record[2] = {INT32_MAX, OMNIPOLL_EVENT_IN};
  memcpy(memory.data, record, sizeof(record));
  GIVES(IMPORT(poll)(&imports, 0, 1, -1), 1);
  IS(memory.data[OMNIPOLL_POLL_RECORD_READY], OMNIPOLL_EVENT_NVAL);
  GIVES(IMPORT(poll)(&imports, 0, 1, 1e300), 1);
  GIVES(IMPORT(poll)(&imports, 0, 1, (double) INFINITY), 1);
  GIVES(IMPORT(poll)(&imports, 0, 0, 0.0001), 0);
  GIVES(IMPORT(epoll_create1)(&imports, 0), -ENOSYS);
}

struct data_record {
  int32_t fd;
  uint32_t what;
  int64_t value;
  int32_t error;
  uint32_t state;
};

/* The answer to a question about a descriptor. */
static struct data_record ask(int fd, uint32_t what) {
  struct data_record record = {fd, what, -1, -1, UINT32_MAX};
  put(0, &record, sizeof(record));
  GIVES(IMPORT(fd_data)(&imports, 0, 1), 0);
  get(&record, 0, sizeof(record));
  return record;
}

static uint32_t word_at(uint32_t address) {
  uint32_t word;
  get(&word, address, sizeof(word));
  return word;
}

static int64_t long_at(uint32_t address) {
  int64_t word;
  get(&word, address, sizeof(word));
  return word;
}

static void properties(int pipe_end) {
  struct stat file;
  int fd = file_at_4();
  GIVES(IMPORT(fd_stat)(&imports, (uint32_t) fd, 0), 0);
  IS(fstat(fd, &file), 0);
  IS(word_at(OMNIPOLL_STAT_KIND), OMNIPOLL_FD_FILE);
  IS(word_at(OMNIPOLL_STAT_NLINK), file.st_nlink);
  IS(word_at(OMNIPOLL_STAT_FLAGS), OMNIPOLL_ACCESS_READ | OMNIPOLL_ACCESS_WRITE);
  IS(long_at(OMNIPOLL_STAT_INO), file.st_ino);
  IS(long_at(OMNIPOLL_STAT_DEV), file.st_dev);
  IS(long_at(OMNIPOLL_STAT_BYTES), 10);
  IS(long_at(OMNIPOLL_STAT_BLOCKS), file.st_blocks);
  IS(long_at(OMNIPOLL_STAT_OFFSET), 4);
  IS(ask(fd, OMNIPOLL_DATA_FILE).value, 6);
  GIVES(IMPORT(fd_stat)(&imports, (uint32_t) pipe_end, 0), 0);
  IS(word_at(OMNIPOLL_STAT_KIND), OMNIPOLL_FD_PIPE);
  IS(word_at(OMNIPOLL_STAT_FLAGS), OMNIPOLL_ACCESS_WRITE);
}

static void answers(int pipe_end) {
  IS(ask(pipe_end, OMNIPOLL_DATA_OPEN).error, 0);
  IS(ask(INT32_MAX, OMNIPOLL_DATA_OPEN).error, -EBADF);
  IS(ask(pipe_end, OMNIPOLL_DATA_PIPE_ROOM).value, fcntl(pipe_end, F_GETPIPE_SZ));
  IS(ask(pipe_end, OMNIPOLL_DATA_UNREAD).error, -EOPNOTSUPP);
  IS(ask(pipe_end, OMNIPOLL_DATA_BACKLOG).error, -EINVAL);

  const uint64_t added = UINT64_C(0x123456789);
  int counter = (int32_t) IMPORT(eventfd)(&imports);
  put(0, &added, sizeof(added));
  GIVES(IMPORT(write)(&imports, (uint32_t) counter, 0, sizeof(added)), sizeof(added));
  IS(ask(counter, OMNIPOLL_DATA_COUNTER).value, added);
  GIVES(IMPORT(read)(&imports, (uint32_t) counter, 8, sizeof(added)), sizeof(added));
  IS(long_at(8), added);
  GIVES(IMPORT(read)(&imports, (uint32_t) counter, 8, sizeof(added)), -EAGAIN);
  GIVES(IMPORT(close)(&imports, (uint32_t) counter), 0);
}

static void states(int fd) {
  int fresh = socket(AF_UNIX, SOCK_STREAM, 0), ends[2];
  const uint32_t what = OMNIPOLL_DATA_READABLE | OMNIPOLL_DATA_WITH_STATE;
  IS(ask(fd, what).state, 0);
  IS(ask(fresh, what).state, OMNIPOLL_DATA_STATE_UNCONNECTED);
  struct data_record answer = ask(reset_socket(3), what);
  IS(answer.value, 3);
  IS(answer.state & OMNIPOLL_DATA_STATE_ERRNO, ECONNRESET);
  IS(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  IS(ask(ends[0], what).state, 0);
  int64_t room = ask(ends[0], OMNIPOLL_DATA_SENDABLE).value;
  IS(write(ends[0], "x", 1), 1);
  IS(ask(ends[0], OMNIPOLL_DATA_SENDABLE).value < room, true);
  IS(shutdown(ends[0], SHUT_WR), 0);
  IS(ask(ends[0], what).state, OMNIPOLL_DATA_STATE_SHUT_WRITE);
}

int main(void) {
  void (*const checks[])(int) = {addresses, values, properties, answers, states, NULL};
  return run(checks);
}
