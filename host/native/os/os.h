/* Shared by the files of the calls behind omnipoll/os. */

#ifndef OMNIPOLL_OS_H
#define OMNIPOLL_OS_H

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "addon.h"

/* Errors of name resolution (EAI_*, all negative) are added to this number: host/os.ts has the
 * same number. */
#define RESOLVER_ERROR (-2000)

/* Makes a system call, and makes it again each time a signal interrupts it, as PEP 475 says. */
#define RESTART(result, call) \
  do { \
    (result) = (call); \
  } while ((result) < 0 && errno == EINTR)

/* Bytes that every address in text fits: a path of AF_UNIX has 108, IPv6 with its scope 63. */
#define NAME_SIZE 128

/* Points `out` at all bytes of a Uint8Array; false if the value is no Uint8Array. The pointer is
 * good until JavaScript runs again, as those of the next two are. */
bool read_bytes(napi_env env, napi_value value, uint8_t** out, size_t* length);
/* Points `out` at the first `size` bytes of a Uint8Array. 0, -EFAULT if it has not that many, or
 * -EINVAL for wrong types. */
int read_buffer(napi_env env, napi_value value, napi_value size, uint8_t** out, size_t* length);
/* Points `out` at an Int32Array of at least `count` elements. 0, -EFAULT or -EINVAL. */
int read_integers(napi_env env, napi_value value, size_t count, int32_t** out);

/* A socket address of any family that omnipoll/os knows. */
struct address {
  socklen_t length;
  union {
    struct sockaddr any;
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
    struct sockaddr_un local;
    struct sockaddr_storage storage;
  };
};

/* Where JavaScript wants an address in text: NAME_SIZE bytes, and [family, port, length]. */
struct name {
  uint8_t* text;
  int32_t* parts;
};

/* The address of a host and port, or of a path. 0, a negative errno, or one below
 * RESOLVER_ERROR. */
int make_address(int family, const uint8_t* text, size_t length, uint16_t port,
                 struct address* out);
/* The other way. 0, or -EAFNOSUPPORT. */
int show_address(const struct address* address, struct name* out);
/* Reads the two arguments of a struct name. 0, -EFAULT or -EINVAL. */
int read_name(napi_env env, napi_value text, napi_value parts, struct name* out);

#endif
