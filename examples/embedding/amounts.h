/* How much a descriptor takes and gives, which poll(2) does not tell. Both hosts need it. */

#ifndef AMOUNTS_H
#define AMOUNTS_H

#include <stdint.h>

/* Bytes that can be read (FIONREAD), which of a file may be below 0. 0 or a negative errno. */
int readable_bytes(int fd, int64_t* out);

/* Bytes that a pipe, or the send buffer of a socket, has room for. 0 or a negative errno. */
int writable_bytes(int fd, int64_t* out);

/* The errno behind a POLLERR of poll(2), without taking it from the program. */
int pending_error(int fd);

#endif
