/* Socket addresses, between the kernel's form and text. */

#include <arpa/inet.h>
#include <netdb.h>
#include <string.h>

#include "os.h"

_Static_assert(sizeof(((struct sockaddr_un*) NULL)->sun_path) <= NAME_SIZE, "AF_UNIX path");

static int resolver_error(int error) {
  return error == EAI_SYSTEM ? -errno : RESOLVER_ERROR + error;
}

/* A path ends with a null byte. A name in Linux's abstract namespace starts with one and may
 * fill the field; an empty one lets the kernel choose. As CPython's getsockaddrarg. */
static int make_local(const uint8_t* text, size_t length, struct address* out) {
  bool is_path = length > 0 && text[0] != 0;
  size_t used = is_path ? length + 1 : length;
  if (used > sizeof(out->local.sun_path)) return -ENAMETOOLONG;
  if (is_path && memchr(text, 0, length) != NULL) return -EINVAL;
  if (length > 0) memcpy(out->local.sun_path, text, length);
  out->length = (socklen_t) (offsetof(struct sockaddr_un, sun_path) + used);
  return 0;
}

/* Asks the resolver, which also knows scopes ("fe80::1%eth0") and forms like "127.1". */
static int look_up(int family, const char* host, struct address* out) {
  /* Of the kinds of socket only one is asked for, or every address would come three times. */
  struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_DGRAM};
  struct addrinfo* found = NULL;
  int error = getaddrinfo(host, NULL, &hints, &found);
  if (error != 0) return resolver_error(error);
  memcpy(&out->storage, found->ai_addr, found->ai_addrlen);
  freeaddrinfo(found);
  return 0;
}

static int make_ipv4(const char* host, uint16_t port, struct address* out) {
  int failure = 0;
  if (host[0] == '\0') {
    out->ipv4.sin_addr.s_addr = htonl(INADDR_ANY);
  } else if (strcmp(host, "<broadcast>") == 0) {
    out->ipv4.sin_addr.s_addr = htonl(INADDR_BROADCAST);
  } else if (inet_pton(AF_INET, host, &out->ipv4.sin_addr) != 1) {
    failure = look_up(AF_INET, host, out);
  }
  out->ipv4.sin_port = htons(port);
  out->length = sizeof(out->ipv4);
  return failure;
}

static int make_ipv6(const char* host, uint16_t port, struct address* out) {
  int failure = 0;
  if (host[0] == '\0') {
    out->ipv6.sin6_addr = in6addr_any;
  } else if (inet_pton(AF_INET6, host, &out->ipv6.sin6_addr) != 1) {
    failure = look_up(AF_INET6, host, out);
  }
  out->ipv6.sin6_port = htons(port);
  out->length = sizeof(out->ipv6);
  return failure;
}

int make_address(int family, const uint8_t* text, size_t length, uint16_t port,
                 struct address* out) {
  memset(out, 0, sizeof(*out));
  out->any.sa_family = (sa_family_t) family;
  if (family == AF_UNIX) return make_local(text, length, out);
  if (family != AF_INET && family != AF_INET6) return -EAFNOSUPPORT;

  char host[NI_MAXHOST];
  if (length >= sizeof(host)) return resolver_error(EAI_NONAME);
  if (length > 0) memcpy(host, text, length);
  host[length] = '\0';
  if (strlen(host) != length) return -EINVAL;
  return family == AF_INET ? make_ipv4(host, port, out) : make_ipv6(host, port, out);
}

/* Length of the name in an address of AF_UNIX: 0 if it has no name, and without the null byte that
 * ends a path. */
static size_t local_length(const struct address* address) {
  size_t start = offsetof(struct sockaddr_un, sun_path);
  if (address->length <= start) return 0;
  size_t length = address->length - start;
  if (length > sizeof(address->local.sun_path)) length = sizeof(address->local.sun_path);
  return address->local.sun_path[0] == '\0' ? length : strnlen(address->local.sun_path, length);
}

int show_address(const struct address* address, struct name* out) {
  int family = address->any.sa_family;
  size_t length = 0;
  uint16_t port = 0;

  if (family == AF_UNIX) {
    length = local_length(address);
    memcpy(out->text, address->local.sun_path, length);
  } else if (family == AF_INET || family == AF_INET6) {
    char* text = (char*) out->text;
    /* With the scope of IPv6, which inet_ntop leaves out. */
    if (getnameinfo(&address->any, address->length, text, NAME_SIZE, NULL, 0, NI_NUMERICHOST) != 0) {
      return -EAFNOSUPPORT;
    }
    length = strlen(text);
    port = ntohs(family == AF_INET ? address->ipv4.sin_port : address->ipv6.sin6_port);
  } else {
    return -EAFNOSUPPORT;
  }
  out->parts[0] = family;
  out->parts[1] = port;
  out->parts[2] = (int32_t) length;
  return 0;
}

int read_name(napi_env env, napi_value text, napi_value parts, struct name* out) {
  size_t length = 0;
  if (!read_bytes(env, text, &out->text, &length)) return -EINVAL;
  if (length < NAME_SIZE) return -EFAULT;
  return read_integers(env, parts, 3, &out->parts);
}
