/* kqueue for WASI guests: kqueue(2) of FreeBSD, served by omnipoll's module of that name.
 *
 * The layout of struct kevent, the numbers and the semantics are FreeBSD's. errno, and `data` of an
 * event with EV_ERROR, have WASI's numbers: compare with ENOENT, not with 2.
 *
 * Filters: EVFILT_READ, EVFILT_WRITE, EVFILT_VNODE, EVFILT_TIMER, EVFILT_USER. A change with another
 * filter fails with EINVAL: a guest has no processes and no signals, and asynchronous I/O has no
 * functions in WASI. `ext` is ignored in changes and 0 in events. */

#ifndef _SYS_EVENT_H
#define _SYS_EVENT_H

#include <fcntl.h>
#include <stdint.h>
#include <time.h>

#include <omnipoll/import.h>

#ifdef __cplusplus
extern "C" {
#endif

#define EVFILT_READ (-1)
#define EVFILT_WRITE (-2)
#define EVFILT_AIO (-3)
#define EVFILT_VNODE (-4)
#define EVFILT_PROC (-5)
#define EVFILT_SIGNAL (-6)
#define EVFILT_TIMER (-7)
#define EVFILT_USER (-11)

/* Actions. */
#define EV_ADD 0x0001
#define EV_DELETE 0x0002
#define EV_ENABLE 0x0004
#define EV_DISABLE 0x0008
#define EV_FORCEONESHOT 0x0100
#define EV_KEEPUDATA 0x0200

/* Flags. */
#define EV_ONESHOT 0x0010
#define EV_CLEAR 0x0020
#define EV_RECEIPT 0x0040
#define EV_DISPATCH 0x0080
#define EV_SYSFLAGS 0xf000
#define EV_FLAG1 0x2000

/* Returned values. */
#define EV_EOF 0x8000
#define EV_ERROR 0x4000

/* EVFILT_READ and EVFILT_WRITE. */
#define NOTE_LOWAT 0x0001
#define NOTE_FILE_POLL 0x0002

/* EVFILT_VNODE. */
#define NOTE_DELETE 0x0001
#define NOTE_WRITE 0x0002
#define NOTE_EXTEND 0x0004
#define NOTE_ATTRIB 0x0008
#define NOTE_LINK 0x0010
#define NOTE_RENAME 0x0020
#define NOTE_REVOKE 0x0040
#define NOTE_OPEN 0x0080
#define NOTE_CLOSE 0x0100
#define NOTE_CLOSE_WRITE 0x0200
#define NOTE_READ 0x0400

/* EVFILT_PROC. */
#define NOTE_EXIT 0x80000000
#define NOTE_FORK 0x40000000
#define NOTE_EXEC 0x20000000
#define NOTE_PCTRLMASK 0xf0000000
#define NOTE_PDATAMASK 0x000fffff
#define NOTE_TRACK 0x00000001
#define NOTE_TRACKERR 0x00000002
#define NOTE_CHILD 0x00000004

/* EVFILT_TIMER. */
#define NOTE_SECONDS 0x00000001
#define NOTE_MSECONDS 0x00000002
#define NOTE_USECONDS 0x00000004
#define NOTE_NSECONDS 0x00000008
#define NOTE_ABSTIME 0x00000010

/* EVFILT_USER. */
#define NOTE_FFNOP 0x00000000
#define NOTE_FFAND 0x40000000
#define NOTE_FFOR 0x80000000
#define NOTE_FFCOPY 0xc0000000
#define NOTE_FFCTRLMASK 0xc0000000
#define NOTE_FFLAGSMASK 0x00ffffff
#define NOTE_TRIGGER 0x01000000

/* The flag of kqueuex. */
#define KQUEUE_CLOEXEC 0x00000001

struct kevent {
  uintptr_t ident;
  short filter;
  unsigned short flags;
  unsigned int fflags;
  int64_t data;
  void *udata;
  uint64_t ext[4];
};

#define EV_SET(kevp_, a, b, c, d, e, f)  \
  do {                                   \
    struct kevent *__kevp = (kevp_);     \
    __kevp->ident = (uintptr_t)(a);      \
    __kevp->filter = (short)(b);         \
    __kevp->flags = (unsigned short)(c); \
    __kevp->fflags = (unsigned int)(d);  \
    __kevp->data = (int64_t)(e);         \
    __kevp->udata = (void *)(f);         \
    __kevp->ext[0] = 0;                  \
    __kevp->ext[1] = 0;                  \
    __kevp->ext[2] = 0;                  \
    __kevp->ext[3] = 0;                  \
  } while (0)

OMNIPOLL_IMPORT(kqueue) int __omnipoll_kqueue(void);
OMNIPOLL_IMPORT(kevent)
int __omnipoll_kevent(int __kq, const struct kevent *__changelist, int __nchanges,
                      struct kevent *__eventlist, int __nevents, const struct timespec *__timeout);

static __inline int kqueue(void) {
  return omnipoll_result(__omnipoll_kqueue());
}

/* kqueue1 of NetBSD and FreeBSD 15: flags O_CLOEXEC and O_NONBLOCK, neither of which means
 * anything to a guest's queue. */
static __inline int kqueue1(int __flags) {
  if (__flags & ~(O_CLOEXEC | O_NONBLOCK)) return omnipoll_result(-EINVAL);
  return kqueue();
}

/* kqueuex of FreeBSD: KQUEUE_CLOEXEC. */
static __inline int kqueuex(unsigned int __flags) {
  if (__flags & ~KQUEUE_CLOEXEC) return omnipoll_result(-EINVAL);
  return kqueue();
}

static __inline int kevent(int __kq, const struct kevent *__changelist, int __nchanges,
                           struct kevent *__eventlist, int __nevents,
                           const struct timespec *__timeout) {
  return omnipoll_result(
      __omnipoll_kevent(__kq, __changelist, __nchanges, __eventlist, __nevents, __timeout));
}

#ifdef __cplusplus
}
#endif

#endif
