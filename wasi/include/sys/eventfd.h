/* eventfd for WASI guests: eventfd(2) of Linux, served by omnipoll's module of that name.
 *
 * The descriptor is one of the guest's: read, write, close, poll and fcntl(F_SETFL) take it. */

#ifndef _SYS_EVENTFD_H
#define _SYS_EVENTFD_H

#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#include <omnipoll/import.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef uint64_t eventfd_t;

#define EFD_SEMAPHORE 1
#define EFD_CLOEXEC 02000000
#define EFD_NONBLOCK 04000

OMNIPOLL_IMPORT(eventfd) int __omnipoll_eventfd(unsigned int __initval, int __flags);

static __inline int eventfd(unsigned int __initval, int __flags) {
  return omnipoll_result(__omnipoll_eventfd(__initval, __flags));
}

static __inline int eventfd_read(int __fd, eventfd_t *__value) {
  return read(__fd, __value, sizeof *__value) == (ssize_t)sizeof *__value ? 0 : -1;
}

static __inline int eventfd_write(int __fd, eventfd_t __value) {
  return write(__fd, &__value, sizeof __value) == (ssize_t)sizeof __value ? 0 : -1;
}

#ifdef __cplusplus
}
#endif

#endif
