/* The calls of POSIX: those of omnipoll/os, and of the waist those on bytes of a descriptor, whose
 * names begin with "source_" where omnipoll/os has the name for other arguments. */

#ifndef OMNIPOLL_OS_CALLS_H
#define OMNIPOLL_OS_CALLS_H

#define OS_CALLS(CALL, BLOCK)                                                                   \
  CALL(pipe2) CALL(read) CALL(write) CALL(dup) CALL(get_blocking) CALL(set_blocking)            \
  CALL(get_inheritable) CALL(set_inheritable) CALL(mkfifo) CALL(kill)                           \
  CALL(socketpair) CALL(socket) CALL(bind) CALL(listen) CALL(accept) CALL(connect)              \
  CALL(getsockname) CALL(getpeername) CALL(shutdown) CALL(send) CALL(recv)                      \
  CALL(getsockopt) CALL(setsockopt)                                                             \
  CALL(source_read) CALL(source_write) CALL(dup3)

#endif
