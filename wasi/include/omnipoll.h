/* For programs in C or C++ that embed the core of omnipoll: core.wasm, which imports the module
 * "host", or core.wasi.wasm, which imports wasi_snapshot_preview1 alone and exports one function more.
 *
 * Written from asm/abi.ts and asm/index.ts by `npm run docs`: do not edit.
 *
 * The folders beside this file belong to guests of WASI: their <sys/epoll.h> would hide the system's. So
 * give the compiler this folder for quoted names only (-iquote), or copy the file.
 *
 * - Check the global ABI_VERSION of the module against OMNIPOLL_ABI_VERSION first.
 * - An object of the core is a handle, a number > 0. A handle that was closed is never valid again.
 * - A result below 0 is a negative errno in Linux's numbering, or OMNIPOLL_ERROR_*. The core does not trap.
 * - Times are milliseconds, with fractions; a timeout below 0 waits for ever. A signal does not end a wait.
 * - Addresses are offsets into the memory of the module, whose numbers are little endian. Any call may grow
 *   that memory and move records: ask for their address after the call that fills them, and keep none.
 * - An instance, and with it every object in it, belongs to one thread.
 *
 * Waits, of at most `n` events:
 *
 *   epoll     reserveReady(n), epollWait(handle, n, ms); ready records at readyStart()
 *   poll      pollWait(handle, ms); ready records at pollReady(handle)
 *   devpoll   devpollWait(handle, n, ms); ready records at devpollReady(handle)
 *   kqueue    kqueueReserve(handle, changes, n); write the changes to kqueueChanges();
 *             kqueueControl(handle, changes, n, ms); kevent records at kqueueEvents()
 *   select    at = selectBegin(readers, writers, exceptional); write the descriptors of the three lists to
 *             `at`, one after the other; selectWait(ms). At `at` are then the positions, in its own list, of
 *             the ready entries of the first list, the second, the third: selectReady(0), (1), (2) many
 *
 * Over poll(2), or WASI's poll_oneoff, the core keeps the registrations of an epoll and a queue itself:
 *
 * - Call forgetClosed before a descriptor is closed: the core knows descriptors by number.
 * - An edge is what changed since the last wait. Call transferred after a read or a write of a descriptor that
 *   is registered edge-triggered (EPOLLET, EV_CLEAR): without it, an edge may be late.
 *
 * core.wasi.wasm has no eventfd. The descriptors of its epolls, queues and devpoll objects are names, numbers
 * from 2^30 on, which the core alone knows: it waits for them within one another; poll(2) and close(2) of the
 * program know no such descriptor. */

#ifndef OMNIPOLL_H
#define OMNIPOLL_H

#include <stdint.h>

/* Version of this file. The core exports it; the loader refuses a core with another one. */
#define OMNIPOLL_ABI_VERSION 1

/* Event mask. The bit values are Linux's, which poll(2) and epoll(7) share there; a host
 * on another system translates to and from them, so nothing above a host does. */

/* Data can be read, or a connection accepted, without blocking. */
#define OMNIPOLL_EVENT_IN 0x0001
/* Urgent data can be read. */
#define OMNIPOLL_EVENT_PRI 0x0002
/* Data can be written without blocking. */
#define OMNIPOLL_EVENT_OUT 0x0004
/* An error is pending. Always reported, never requested. */
#define OMNIPOLL_EVENT_ERR 0x0008
/* The peer hung up. Always reported, never requested. */
#define OMNIPOLL_EVENT_HUP 0x0010
/* The descriptor is not open. Reported by poll only. */
#define OMNIPOLL_EVENT_NVAL 0x0020
/* Normal data can be read. */
#define OMNIPOLL_EVENT_RDNORM 0x0040
/* Priority band data can be read. */
#define OMNIPOLL_EVENT_RDBAND 0x0080
/* Normal data can be written. */
#define OMNIPOLL_EVENT_WRNORM 0x0100
/* Priority band data can be written. */
#define OMNIPOLL_EVENT_WRBAND 0x0200
/* A SIGPOLL message is available; unused by Linux. */
#define OMNIPOLL_EVENT_MSG 0x0400
/* Mask of a devpoll change that forgets the descriptor (POLLREMOVE). */
#define OMNIPOLL_POLL_REMOVE 0x1000
/* The peer shut down its writing half. */
#define OMNIPOLL_EVENT_RDHUP 0x2000
/* Wake one of several epolls that watch the same file (EPOLLEXCLUSIVE). */
#define OMNIPOLL_EVENT_EXCLUSIVE 0x10000000
/* Keep the system awake while the event is handled (EPOLLWAKEUP). */
#define OMNIPOLL_EVENT_WAKEUP 0x20000000
/* Report once, then nothing until the registration is modified (EPOLLONESHOT). */
#define OMNIPOLL_EVENT_ONESHOT 0x40000000
/* Edge triggered. In hex because `1 << 31` is negative in JavaScript. */
#define OMNIPOLL_EVENT_ET 0x80000000

/* Operations of epoll_ctl. */

#define OMNIPOLL_EPOLL_CTL_ADD 1
#define OMNIPOLL_EPOLL_CTL_DEL 2
#define OMNIPOLL_EPOLL_CTL_MOD 3

/* The only flag of epoll_create1. Linux's number on every architecture Node runs on. */
#define OMNIPOLL_EPOLL_CLOEXEC 0x80000

/* Poll record, one per registration. The same as `struct pollfd` on every Unix, so poll(2)
 * works on the core's memory in place (host/native/poll.c asserts the three offsets). A
 * negative descriptor is a gap: poll(2) skips it.
 *
 *   0        4          6           8
 *   | fd i32 | want u16 | ready u16 | */

#define OMNIPOLL_POLL_RECORD_SIZE 8
#define OMNIPOLL_POLL_RECORD_FD 0
#define OMNIPOLL_POLL_RECORD_WANT 4
#define OMNIPOLL_POLL_RECORD_READY 6

/* Ready record: one event, as every wait returns it to the bindings, and as a host returns
 * the events of an epoll.
 *
 *   0        4          8
 *   | fd i32 | mask u32 | */

#define OMNIPOLL_READY_RECORD_SIZE 8
#define OMNIPOLL_READY_RECORD_FD 0
#define OMNIPOLL_READY_RECORD_MASK 4

/* Kevent record: FreeBSD's `struct kevent` without its reserved words, with its numbers.
 *
 *   0           8            10          12           16         24          32
 *   | ident u64 | filter i16 | flags u16 | fflags u32 | data i64 | udata u64 | */

#define OMNIPOLL_KEVENT_SIZE 32
#define OMNIPOLL_KEVENT_IDENT 0
#define OMNIPOLL_KEVENT_FILTER 8
#define OMNIPOLL_KEVENT_FLAGS 10
#define OMNIPOLL_KEVENT_FFLAGS 12
#define OMNIPOLL_KEVENT_DATA 16
#define OMNIPOLL_KEVENT_UDATA 24

#define OMNIPOLL_FILTER_READ (-1)
#define OMNIPOLL_FILTER_WRITE (-2)
#define OMNIPOLL_FILTER_AIO (-3)
#define OMNIPOLL_FILTER_VNODE (-4)
#define OMNIPOLL_FILTER_PROC (-5)
#define OMNIPOLL_FILTER_SIGNAL (-6)
#define OMNIPOLL_FILTER_TIMER (-7)
#define OMNIPOLL_FILTER_NETDEV (-8)
#define OMNIPOLL_FILTER_USER (-11)

#define OMNIPOLL_EV_ADD 0x0001
#define OMNIPOLL_EV_DELETE 0x0002
#define OMNIPOLL_EV_ENABLE 0x0004
#define OMNIPOLL_EV_DISABLE 0x0008
#define OMNIPOLL_EV_ONESHOT 0x0010
#define OMNIPOLL_EV_CLEAR 0x0020
#define OMNIPOLL_EV_RECEIPT 0x0040
#define OMNIPOLL_EV_DISPATCH 0x0080
#define OMNIPOLL_EV_FORCEONESHOT 0x0100
#define OMNIPOLL_EV_KEEPUDATA 0x0200
#define OMNIPOLL_EV_SYSFLAGS 0xf000
#define OMNIPOLL_EV_ERROR 0x4000
#define OMNIPOLL_EV_EOF 0x8000

#define OMNIPOLL_NOTE_LOWAT 0x0001
#define OMNIPOLL_NOTE_FILE_POLL 0x0002
#define OMNIPOLL_NOTE_DELETE 0x0001
#define OMNIPOLL_NOTE_WRITE 0x0002
#define OMNIPOLL_NOTE_EXTEND 0x0004
#define OMNIPOLL_NOTE_ATTRIB 0x0008
#define OMNIPOLL_NOTE_LINK 0x0010
#define OMNIPOLL_NOTE_RENAME 0x0020
#define OMNIPOLL_NOTE_REVOKE 0x0040
#define OMNIPOLL_NOTE_OPEN 0x0080
#define OMNIPOLL_NOTE_CLOSE 0x0100
#define OMNIPOLL_NOTE_CLOSE_WRITE 0x0200
#define OMNIPOLL_NOTE_READ 0x0400
#define OMNIPOLL_NOTE_EXIT 0x80000000
#define OMNIPOLL_NOTE_FORK 0x40000000
#define OMNIPOLL_NOTE_EXEC 0x20000000
#define OMNIPOLL_NOTE_TRACK 0x0001
#define OMNIPOLL_NOTE_TRACKERR 0x0002
#define OMNIPOLL_NOTE_CHILD 0x0004
#define OMNIPOLL_NOTE_LINKUP 0x0001
#define OMNIPOLL_NOTE_LINKDOWN 0x0002
#define OMNIPOLL_NOTE_LINKINV 0x0004
#define OMNIPOLL_NOTE_SECONDS 0x0001
#define OMNIPOLL_NOTE_MSECONDS 0x0002
#define OMNIPOLL_NOTE_USECONDS 0x0004
#define OMNIPOLL_NOTE_NSECONDS 0x0008
#define OMNIPOLL_NOTE_ABSTIME 0x0010
#define OMNIPOLL_NOTE_FFAND 0x40000000
#define OMNIPOLL_NOTE_FFOR 0x80000000
#define OMNIPOLL_NOTE_FFCOPY 0xc0000000
#define OMNIPOLL_NOTE_FFCTRLMASK 0xc0000000
#define OMNIPOLL_NOTE_FFLAGSMASK 0x00ffffff
#define OMNIPOLL_NOTE_TRIGGER 0x01000000

/* Stat record: the properties of a descriptor, as `fd_stat` writes them.
 *
 *   0          4           8         16        24          32           40          48           56
 *   | kind u32 | nlink u32 | ino u64 | dev u64 | bytes i64 | blocks i64 | flags u32 | offset i64 | */

#define OMNIPOLL_STAT_SIZE 56
#define OMNIPOLL_STAT_KIND 0
#define OMNIPOLL_STAT_NLINK 4
#define OMNIPOLL_STAT_INO 8
#define OMNIPOLL_STAT_DEV 16
#define OMNIPOLL_STAT_BYTES 24
/* Blocks of 512 bytes that are allocated: less than the bytes if there are holes. */
#define OMNIPOLL_STAT_BLOCKS 32
/* OMNIPOLL_ACCESS_* bits. */
#define OMNIPOLL_STAT_FLAGS 40
/* Position of the open file description; of a file or a directory, else 0. */
#define OMNIPOLL_STAT_OFFSET 48

/* The descriptor may be read from. */
#define OMNIPOLL_ACCESS_READ 0x1
/* The descriptor may be written to. */
#define OMNIPOLL_ACCESS_WRITE 0x2
/* The descriptor is a FIFO: a pipe with a name, by which its other end may be opened again. */
#define OMNIPOLL_ACCESS_NAMED 0x4

/* Kinds of descriptors, as far as the filters differ. */

#define OMNIPOLL_FD_FILE 1
#define OMNIPOLL_FD_DIRECTORY 2
/* A character or block device that is no terminal. */
#define OMNIPOLL_FD_DEVICE 3
#define OMNIPOLL_FD_TERMINAL 4
/* A pipe or a FIFO. */
#define OMNIPOLL_FD_PIPE 5
/* A stream or SEQPACKET socket, connected or not, that does not listen. */
#define OMNIPOLL_FD_STREAM 6
#define OMNIPOLL_FD_LISTENER 7
/* A datagram socket. */
#define OMNIPOLL_FD_DATAGRAM 8
#define OMNIPOLL_FD_EVENTFD 9
#define OMNIPOLL_FD_EPOLL 10
/* Anything else: timerfd, signalfd, inotify, pidfd, netlink and raw sockets … */
#define OMNIPOLL_FD_OTHER 11

/* Data record: one question about a descriptor, and the answer. `fd_data` takes an array.
 *
 *   0        4          8           16          20          24
 *   | fd i32 | what u32 | value i64 | error i32 | state u32 | */

#define OMNIPOLL_DATA_SIZE 24
#define OMNIPOLL_DATA_FD 0
#define OMNIPOLL_DATA_WHAT 4
#define OMNIPOLL_DATA_VALUE 8
/* 0, or the negative errno of the question: -OMNIPOLL_EBADF if the descriptor is not open. */
#define OMNIPOLL_DATA_ERROR 16
/* OMNIPOLL_DATA_STATE_* bits, and in the low 16 bits the pending socket error; if asked for. */
#define OMNIPOLL_DATA_STATE 20

/* Whether the descriptor is open: the value is 0. */
#define OMNIPOLL_DATA_OPEN 0
/* Bytes that can be read: FIONREAD. Of a regular file, OMNIPOLL_DATA_FILE as an int, so that it may be negative. */
#define OMNIPOLL_DATA_READABLE 1
/* Bytes of send buffer that are free: SO_SNDBUF less SIOCOUTQ, not below 0. */
#define OMNIPOLL_DATA_SENDABLE 2
/* Bytes a pipe has room for: F_GETPIPE_SZ less FIONREAD. */
#define OMNIPOLL_DATA_PIPE_ROOM 3
/* Connections waiting to be accepted, as far as the kernel shows them; at least 1 is assumed. */
#define OMNIPOLL_DATA_BACKLOG 4
/* Size of a file less the offset of the open file description; may be negative. */
#define OMNIPOLL_DATA_FILE 5
/* Counter of an eventfd: 64 bits, to be read without a sign. */
#define OMNIPOLL_DATA_COUNTER 6
/*
 * Bytes that reads give in all, also those behind an urgent mark, where FIONREAD stops. Of a TCP
 * socket; -OMNIPOLL_EOPNOTSUPP of any other descriptor: its bytes have no mark.
 */
#define OMNIPOLL_DATA_UNREAD 7
/* Added to one of the above: `state` is wanted, too. Of sockets. */
#define OMNIPOLL_DATA_WITH_STATE 0x100

/* A stream socket that is not connected and has no error: neither end can have closed it. */
#define OMNIPOLL_DATA_STATE_UNCONNECTED 0x10000
/* This end shut its writing half down. */
#define OMNIPOLL_DATA_STATE_SHUT_WRITE 0x20000
#define OMNIPOLL_DATA_STATE_ERRNO 0xffff

/* Call block: how a host in JavaScript hands the arguments of a frequent call to its addon, and
 * gets the result. Reading an argument from here costs a tenth of a Node-API call.
 *
 *   0             8                  24           28
 *   | timeout f64 | arguments 4 × u32 | result i32 | */

#define OMNIPOLL_CALL_SIZE 32
#define OMNIPOLL_CALL_TIMEOUT 0
#define OMNIPOLL_CALL_ARGUMENTS 8
#define OMNIPOLL_CALL_RESULT 24

/* Rescan interval, in ms: the time between two tests of a condition that no kernel call reports. */
#define OMNIPOLL_RESCAN_MS 10

/* Capabilities of a host, read once per core. */

/* The kernel has epoll: epoll_create1, epoll_ctl and epoll_wait. */
#define OMNIPOLL_CAPABILITY_EPOLL 0x1
/* The source calls (timers, signals, processes, file changes, links) are there. */
#define OMNIPOLL_CAPABILITY_SOURCES 0x2
/* kqueue and kevent are the kernel's. */
#define OMNIPOLL_CAPABILITY_KQUEUE 0x4

/* Errors of a host: it returns the negative of these, whatever the platform's own
 * numbers are. Only those that the core compares with or returns. */

#define OMNIPOLL_EPERM 1
#define OMNIPOLL_ENOENT 2
#define OMNIPOLL_ESRCH 3
#define OMNIPOLL_EINTR 4
#define OMNIPOLL_EBADF 9
#define OMNIPOLL_EAGAIN 11
#define OMNIPOLL_ENOMEM 12
#define OMNIPOLL_EACCES 13
#define OMNIPOLL_EEXIST 17
#define OMNIPOLL_ENODEV 19
#define OMNIPOLL_EINVAL 22
#define OMNIPOLL_ENFILE 23
#define OMNIPOLL_EPIPE 32
#define OMNIPOLL_ENOSYS 38
#define OMNIPOLL_ELOOP 40
#define OMNIPOLL_EOPNOTSUPP 95

/* Kinds of sources, in the order in which a harvest reads them. Each is a bit of a u32. */

/* The second epoll set: entries of descriptors whose other filter is in the main set. */
#define OMNIPOLL_SOURCE_SECOND 0
/* The kernel's timer. */
#define OMNIPOLL_SOURCE_TIMER 1
/* The inotify instance of files. */
#define OMNIPOLL_SOURCE_INOTIFY 2
/* The inotify instance of the directories that contain watched directories. */
#define OMNIPOLL_SOURCE_PARENTS 3
/* The process connector. */
#define OMNIPOLL_SOURCE_CONNECTOR 4
/* rtnetlink's link messages. */
#define OMNIPOLL_SOURCE_RTNETLINK 5
/* Posts of other threads. */
#define OMNIPOLL_SOURCE_POSTS 6
/* The eventfd that makes the queue's own descriptor readable. */
#define OMNIPOLL_SOURCE_WAKE 7
/* A descriptor of one knote. */
#define OMNIPOLL_SOURCE_KNOTE 8

/* Registration record: one registration of an object, as `inspect()` reads it from the core. Of a poll,
 * devpoll or epoll object only `ident`, `flags` (the event mask), `state` and `id` mean something.
 *
 *   0           8           16         24          32          36           40            44           48          52
 *   | ident u64 | udata u64 | data i64 | sdata i64 | flags u32 | fflags u32 | sfflags u32 | filter i32 | state u32 | id u32 | */

#define OMNIPOLL_REGISTRATION_SIZE 56
/* The descriptor, or the ident of a knote. */
#define OMNIPOLL_REGISTRATION_IDENT 0
#define OMNIPOLL_REGISTRATION_UDATA 8
/* Data, and FFLAGS below: the event that the knote would report (kn_data, kn_fflags). */
#define OMNIPOLL_REGISTRATION_DATA 16
/* Data, and SFFLAGS below: the change that made the knote (kn_sdata, kn_sfflags). */
#define OMNIPOLL_REGISTRATION_SDATA 24
#define OMNIPOLL_REGISTRATION_FLAGS 32
#define OMNIPOLL_REGISTRATION_FFLAGS 36
#define OMNIPOLL_REGISTRATION_SFFLAGS 40
#define OMNIPOLL_REGISTRATION_FILTER 44
/* OMNIPOLL_REGISTRATION_DISABLED and OMNIPOLL_REGISTRATION_ACTIVE. */
#define OMNIPOLL_REGISTRATION_STATE 48
/* A number that no other registration of the object has while this one lasts. */
#define OMNIPOLL_REGISTRATION_ID 52

/* The lists that an inspecting call walks over. */

/* All registrations. */
#define OMNIPOLL_INSPECT_ALL 0
/* The ready list of an epoll, or the active list of a kqueue. */
#define OMNIPOLL_INSPECT_READY 1
/* The descriptors of the core's own that a kqueue waits on: OMNIPOLL_SOURCE_* as `filter`, `ident` the descriptor. */
#define OMNIPOLL_INSPECT_SOURCES 2

/* State: the registration reports nothing until it is changed. */
#define OMNIPOLL_REGISTRATION_DISABLED 1
/* State: the event of the knote has happened and was not reported since (KN_ACTIVE). */
#define OMNIPOLL_REGISTRATION_ACTIVE 2

/* Results of the program's own transfers that the core learns of, besides a number of bytes. */

/* The transfer would have blocked, or did not take everything. */
#define OMNIPOLL_TRANSFER_BLOCKED (-1)
/* The socket was shut down. */
#define OMNIPOLL_TRANSFER_SHUTDOWN (-2)

/* Results of a core call that the core itself refuses. */

/* The descriptor is not registered. Python: KeyError or FileNotFoundError. */
#define OMNIPOLL_ERROR_NOT_REGISTERED (-1001)
/* The handle names no object of that kind: closed, of another kind, or made up. */
#define OMNIPOLL_ERROR_BAD_HANDLE (-1002)

/* The functions that the core exports. OMNIPOLL_EXPORTS(FUNCTION, PROCEDURE) is one line for each:
 *
 *   FUNCTION(result, name, (parameters), (arguments)), PROCEDURE(name, (parameters), (arguments))
 *
 * the latter for a function without a result. Define OMNIPOLL_INSTANCE, the first parameter, and
 * OMNIPOLL_SELF, the first argument, as your WebAssembly engine needs them; examples/embedding/core.h of
 * omnipoll does so for wasm2c. */
#define OMNIPOLL_EXPORTS(FUNCTION, PROCEDURE) \
  /* OMNIPOLL_CAPABILITY_* bits of the host. */ \
  FUNCTION(uint32_t, capabilities, (OMNIPOLL_INSTANCE), (OMNIPOLL_SELF)) \
  /* Closes a devpoll object. */ \
  FUNCTION(int32_t, devpollClose, (OMNIPOLL_INSTANCE, int32_t handle), (OMNIPOLL_SELF, handle)) \
  /* Handle of a new devpoll object, or a negative errno. */ \
  FUNCTION(int32_t, devpollCreate, (OMNIPOLL_INSTANCE), (OMNIPOLL_SELF)) \
  /* Descriptor of a devpoll object. */ \
  FUNCTION(int32_t, devpollFileno, (OMNIPOLL_INSTANCE, int32_t handle), (OMNIPOLL_SELF, handle)) \
  /* Describes a registration, in the order of registration; see inspect.ts. */ \
  FUNCTION(int32_t, devpollInspect, (OMNIPOLL_INSTANCE, int32_t handle, int32_t place), \
           (OMNIPOLL_SELF, handle, place)) \
  /* Address of the ready records of the last wait. 0 for a bad handle. */ \
  FUNCTION(uint32_t, devpollReady, (OMNIPOLL_INSTANCE, int32_t handle), (OMNIPOLL_SELF, handle)) \
  /* Waits (DP_POLL with dp_nfds = capacity) and returns how many ready records there are, ascending. If \
   * there were more than fit, the next wait begins behind the last one. */ \
  FUNCTION(int32_t, devpollWait, (OMNIPOLL_INSTANCE, int32_t handle, int32_t capacity, double timeoutMs), \
           (OMNIPOLL_SELF, handle, capacity, timeoutMs)) \
  /* Adds bits to the mask of fd, or forgets fd if OMNIPOLL_POLL_REMOVE is among them. */ \
  FUNCTION(int32_t, devpollWrite, (OMNIPOLL_INSTANCE, int32_t handle, int32_t fd, uint32_t want), \
           (OMNIPOLL_SELF, handle, fd, want)) \
  /* Handle of an epoll whose descriptor exists already. The calls of the epoll find out whether it is one. \
   * */ \
  FUNCTION(int32_t, epollAdopt, (OMNIPOLL_INSTANCE, int32_t epfd), (OMNIPOLL_SELF, epfd)) \
  /* Closes the descriptor and forgets the object, also if the kernel says OMNIPOLL_EBADF. */ \
  FUNCTION(int32_t, epollClose, (OMNIPOLL_INSTANCE, int32_t handle), (OMNIPOLL_SELF, handle)) \
  /* epoll_ctl(2) on an epoll object. */ \
  FUNCTION(int32_t, epollControl, (OMNIPOLL_INSTANCE, int32_t handle, int32_t op, int32_t fd, uint32_t mask), \
           (OMNIPOLL_SELF, handle, op, fd, mask)) \
  /* Handle of a new epoll, or a negative errno. */ \
  FUNCTION(int32_t, epollCreate, (OMNIPOLL_INSTANCE, int32_t flags), (OMNIPOLL_SELF, flags)) \
  /* Descriptor of an epoll. */ \
  FUNCTION(int32_t, epollFileno, (OMNIPOLL_INSTANCE, int32_t handle), (OMNIPOLL_SELF, handle)) \
  /* Forgets the object and leaves its descriptor open: an adopted one belongs to its maker. */ \
  FUNCTION(int32_t, epollForget, (OMNIPOLL_INSTANCE, int32_t handle), (OMNIPOLL_SELF, handle)) \
  /* Describes a registration of an emulated epoll, from one of the lists OMNIPOLL_INSPECT_*; see inspect.ts. \
   * */ \
  FUNCTION(int32_t, epollInspect, (OMNIPOLL_INSTANCE, int32_t handle, int32_t list, int32_t place), \
           (OMNIPOLL_SELF, handle, list, place)) \
  /* Waits and leaves at most capacity events in the ready records; returns how many. */ \
  FUNCTION(int32_t, epollWait, (OMNIPOLL_INSTANCE, int32_t handle, int32_t capacity, double timeoutMs), \
           (OMNIPOLL_SELF, handle, capacity, timeoutMs)) \
  /* Address of the registration record. */ \
  FUNCTION(uint32_t, inspectRecord, (OMNIPOLL_INSTANCE), (OMNIPOLL_SELF)) \
  /* Forgets a descriptor in all queues and emulated epolls: it is about to be closed. */ \
  PROCEDURE(forgetClosed, (OMNIPOLL_INSTANCE, int32_t fd), (OMNIPOLL_SELF, fd)) \
  /* Handle of one more object for the queue whose descriptor is fd; or -OMNIPOLL_EBADF. */ \
  FUNCTION(int32_t, kqueueAdopt, (OMNIPOLL_INSTANCE, int32_t fd), (OMNIPOLL_SELF, fd)) \
  /* Address of the kevent records of the changes. */ \
  FUNCTION(uint32_t, kqueueChanges, (OMNIPOLL_INSTANCE), (OMNIPOLL_SELF)) \
  /* Closes a queue for all its objects, and forgets this one. */ \
  FUNCTION(int32_t, kqueueClose, (OMNIPOLL_INSTANCE, int32_t handle), (OMNIPOLL_SELF, handle)) \
  /* kevent(2): applies the changes at kqueueChanges, then waits; the events are at kqueueEvents. Returns how \
   * many, or a negative errno. */ \
  FUNCTION(int32_t, kqueueControl, (OMNIPOLL_INSTANCE, int32_t handle, int32_t changes, int32_t capacity, double timeoutMs), \
           (OMNIPOLL_SELF, handle, changes, capacity, timeoutMs)) \
  /* Handle of a new queue, or a negative errno. */ \
  FUNCTION(int32_t, kqueueCreate, (OMNIPOLL_INSTANCE), (OMNIPOLL_SELF)) \
  /* Address of the kevent records of the events. */ \
  FUNCTION(uint32_t, kqueueEvents, (OMNIPOLL_INSTANCE), (OMNIPOLL_SELF)) \
  /* Descriptor of a queue. */ \
  FUNCTION(int32_t, kqueueFileno, (OMNIPOLL_INSTANCE, int32_t handle), (OMNIPOLL_SELF, handle)) \
  /* Describes a knote or a source of a translated queue, from a list OMNIPOLL_INSPECT_*; see inspect.ts. */ \
  FUNCTION(int32_t, kqueueInspect, (OMNIPOLL_INSTANCE, int32_t handle, int32_t list, int32_t place), \
           (OMNIPOLL_SELF, handle, list, place)) \
  /* Posts a change at kqueueChanges to the queue of another thread with descriptor fd. */ \
  FUNCTION(int32_t, kqueuePost, (OMNIPOLL_INSTANCE, int32_t fd, int32_t change), (OMNIPOLL_SELF, fd, change)) \
  /* Lets other threads post to a queue; see host.post. 0 or a negative errno. */ \
  FUNCTION(int32_t, kqueuePosts, (OMNIPOLL_INSTANCE, int32_t handle), (OMNIPOLL_SELF, handle)) \
  /* Makes room for a call with so many changes and events; with handle 0, for changes to post. 0 or a \
   * negative errno. */ \
  FUNCTION(int32_t, kqueueReserve, (OMNIPOLL_INSTANCE, int32_t handle, int32_t changes, int32_t capacity), \
           (OMNIPOLL_SELF, handle, changes, capacity)) \
  /* Handle of a new poll object, or a negative errno. */ \
  FUNCTION(int32_t, pollCreate, (OMNIPOLL_INSTANCE), (OMNIPOLL_SELF)) \
  /* Forgets a poll object and its registrations. */ \
  FUNCTION(int32_t, pollDestroy, (OMNIPOLL_INSTANCE, int32_t handle), (OMNIPOLL_SELF, handle)) \
  /* Describes a registration, in the order of registration; see inspect.ts. */ \
  FUNCTION(int32_t, pollInspect, (OMNIPOLL_INSTANCE, int32_t handle, int32_t place), \
           (OMNIPOLL_SELF, handle, place)) \
  /* Replaces the mask of fd; OMNIPOLL_ERROR_NOT_REGISTERED if it has none. */ \
  FUNCTION(int32_t, pollModify, (OMNIPOLL_INSTANCE, int32_t handle, int32_t fd, uint32_t want), \
           (OMNIPOLL_SELF, handle, fd, want)) \
  /* Address of the ready records of this object's last wait. 0 for a bad handle. */ \
  FUNCTION(uint32_t, pollReady, (OMNIPOLL_INSTANCE, int32_t handle), (OMNIPOLL_SELF, handle)) \
  /* Registers fd, or replaces its mask: Python's register may be called twice. */ \
  FUNCTION(int32_t, pollRegister, (OMNIPOLL_INSTANCE, int32_t handle, int32_t fd, uint32_t want), \
           (OMNIPOLL_SELF, handle, fd, want)) \
  /* Forgets fd; OMNIPOLL_ERROR_NOT_REGISTERED if it is not registered. */ \
  FUNCTION(int32_t, pollUnregister, (OMNIPOLL_INSTANCE, int32_t handle, int32_t fd), \
           (OMNIPOLL_SELF, handle, fd)) \
  /* Waits on every registration and returns how many are ready, or a negative errno. */ \
  FUNCTION(int32_t, pollWait, (OMNIPOLL_INSTANCE, int32_t handle, double timeoutMs), \
           (OMNIPOLL_SELF, handle, timeoutMs)) \
  /* Address of the first ready record. */ \
  FUNCTION(uint32_t, readyStart, (OMNIPOLL_INSTANCE), (OMNIPOLL_SELF)) \
  /* Makes room for wanted ready records. 0 or -OMNIPOLL_ENOMEM. */ \
  FUNCTION(int32_t, reserveReady, (OMNIPOLL_INSTANCE, int32_t wanted), (OMNIPOLL_SELF, wanted)) \
  /* The program itself read or wrote bytes, accepted one connection, or OMNIPOLL_TRANSFER_*. Whatever a \
   * descriptor holds beyond that is an edge. */ \
  PROCEDURE(transferred, (OMNIPOLL_INSTANCE, int32_t fd, int32_t isRead, int32_t bytes), \
            (OMNIPOLL_SELF, fd, isRead, bytes)) \
  /* Address for the descriptors of lists of these lengths; 0 if there is no memory. */ \
  FUNCTION(uint32_t, selectBegin, (OMNIPOLL_INSTANCE, uint32_t readers, uint32_t writers, uint32_t exceptional), \
           (OMNIPOLL_SELF, readers, writers, exceptional)) \
  /* The first descriptor of the last call that is not open; -1 if all are. */ \
  FUNCTION(int32_t, selectClosed, (OMNIPOLL_INSTANCE), (OMNIPOLL_SELF)) \
  /* How many entries of a list (0 readers, 1 writers, 2 exceptional) are ready. */ \
  FUNCTION(int32_t, selectReady, (OMNIPOLL_INSTANCE, int32_t list), (OMNIPOLL_SELF, list)) \
  /* Waits on the three lists and returns how many entries are ready, or a negative errno. */ \
  FUNCTION(int32_t, selectWait, (OMNIPOLL_INSTANCE, double timeoutMs), (OMNIPOLL_SELF, timeoutMs))

/* The functions that core.wasi.wasm has besides. */
#define OMNIPOLL_WASI_EXPORTS(FUNCTION, PROCEDURE) \
  /* 1 if poll_oneoff counts the bytes of its events (nbytes), 0, the default, if it does not. Without a \
   * count READ and WRITE of a queue report 1 byte, and an edge of more bytes is not seen. */ \
  PROCEDURE(trustBytes, (OMNIPOLL_INSTANCE, int32_t on), (OMNIPOLL_SELF, on))

#endif
