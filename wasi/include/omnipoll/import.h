/* How the headers in sys/ reach the module "omnipoll", which the host gives to the guest.
 *
 * A function of the module returns a result, or a negative error number of WASI, which are the
 * numbers of <errno.h> here. */

#ifndef OMNIPOLL_IMPORT_H
#define OMNIPOLL_IMPORT_H

#ifndef __wasm__
#error "omnipoll's headers are for WebAssembly guests; elsewhere, use the system's"
#endif

#include <errno.h>

#define OMNIPOLL_IMPORT(name) \
  __attribute__((__import_module__("omnipoll"), __import_name__(#name)))

/* Returns what a system call returns: the result, or -1 with errno set. */
static __inline int omnipoll_result(int result) {
  if (result >= 0) return result;
  errno = -result;
  return -1;
}

#endif
