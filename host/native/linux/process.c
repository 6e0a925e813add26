/* Processes: their descriptors, and how they ended. */

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sources.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

/* Newer than the headers of many systems: idtype_t of Linux 5.4, and <linux/pidfd.h> of 6.15. */
#define BY_PIDFD ((idtype_t) 3)
#define INFO_EXIT 0x8

struct pidfd_information {
  uint64_t mask;
  uint64_t cgroup;
  uint32_t ids[11];
  int32_t exit_code;
};
#define GET_INFORMATION _IOWR(0xFF, 11, struct pidfd_information)
_Static_assert(sizeof(struct pidfd_information) == 64, "pidfd information");

/* Number of a field of /proc/PID/stat; the name is number 2. */
#define EXIT_CODE_FIELD 52

/* The status as waitpid(2) gives it, from the siginfo_t of waitid(2). */
static int wait_status(const siginfo_t* info) {
  switch (info->si_code) {
    case CLD_EXITED:
      return (info->si_status & 0xff) << 8;
    case CLD_DUMPED:
      return info->si_status | 0x80;
    default:
      return info->si_status;
  }
}

/* Reads a short file of /proc as text; false if the file is missing or empty. */
static bool read_text(const char* path, char* text, size_t size) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  ssize_t length = read(file, text, size - 1);
  close(file);
  text[length < 0 ? 0 : length] = '\0';
  return length > 0;
}

/* Whether the kernel shows this process the status of another; if not, the field is 0. The
 * link to the program follows the same rule (ptrace(2), "access mode"); the link of a zombie
 * leads nowhere. */
static bool is_shown(int pid) {
  char path[32], target[1];
  snprintf(path, sizeof(path), "/proc/%d/exe", pid);
  return readlink(path, target, sizeof(target)) >= 0 || errno != EACCES;
}

/* The status that /proc shows of a zombie, a process that is not reaped; -1 if it shows none. */
static int zombie_status(int pidfd, int pid) {
  char path[32], text[1024];
  snprintf(path, sizeof(path), "/proc/%d/stat", pid);
  if (!read_text(path, text, sizeof(text))) return -1;
  /* The search begins behind the name, which may contain anything. */
  char* field = strrchr(text, ')');
  if (field == NULL || strncmp(field, ") Z ", 4) != 0 || !is_shown(pid)) return -1;
  for (int i = 2; i < EXIT_CODE_FIELD && field != NULL; i++) field = strchr(field + 1, ' ');
  if (field == NULL) return -1;
  int status = atoi(field);

  /* The process may have been reaped meanwhile, and its number given to another zombie. */
  snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
  if (!read_text(path, text, sizeof(text))) return -1;
  char* number = strstr(text, "Pid:");
  return number != NULL && atoi(number + 4) == pid ? status : -1;
}

/* proc_status(pidfd, pid) */
napi_value select_proc_status(napi_env env, napi_callback_info info) {
  int32_t pidfd = 0, pid = 0;
  if (!read_two(env, info, &pidfd, &pid)) return integer(env, -EINVAL);
  siginfo_t ended = {0};
  int result = waitid(BY_PIDFD, (id_t) pidfd, &ended, WEXITED | WNOWAIT | WNOHANG);
  if (result == 0) return integer(env, ended.si_pid == 0 ? -EAGAIN : wait_status(&ended));
  if (pidfd < 0 || errno == EBADF) return integer(env, -EBADF);

  /* The process is no child of this one, or it is reaped. It has not ended before all its threads
   * have, though its first thread may be a zombie already. */
  struct pollfd one = {.fd = pidfd, .events = POLLIN};
  if (poll(&one, 1, 0) == 0) return integer(env, -EAGAIN);
  int status = zombie_status(pidfd, pid);
  if (status >= 0) return integer(env, status);
  struct pidfd_information information = {.mask = INFO_EXIT};
  if (ioctl(pidfd, GET_INFORMATION, &information) == 0 && (information.mask & INFO_EXIT) != 0) {
    return integer(env, information.exit_code);
  }
  return integer(env, -ESRCH);
}

/* pidfd_open(pid, flags). The kernel makes it close-on-exec by itself. */
napi_value select_pidfd_open(napi_env env, napi_callback_info info) {
  napi_value argv[2];
  int32_t pid = 0;
  uint32_t flags = 0;
  if (!read_arguments(env, info, 2, argv) || !read_i32(env, argv[0], &pid) ||
      !read_u32(env, argv[1], &flags)) {
    return integer(env, -EINVAL);
  }
  return result_of(env, syscall(SYS_pidfd_open, pid, flags));
}
