/* Messages of the kernel through netlink: about processes (the connector) and network
 * interfaces. */

#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sources.h"

/* Enough for some ten thousand process events, where the privilege allows it. */
#define RECEIVE_BUFFER (16 * 1024 * 1024)

/* A netlink socket in the multicast groups of a mask; -1 and errno. */
static int listen_to(int protocol, uint32_t groups) {
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
  if (fd < 0) return -1;
  int size = RECEIVE_BUFFER;
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0) {
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
  }
  struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = groups};
  if (bind(fd, (struct sockaddr*) &address, sizeof(address)) == 0) return fd;
  int failure = errno;
  close(fd);
  errno = failure;
  return -1;
}

/* Receives one datagram of the kernel, and skips those of other senders to these groups. -1 and
 * errno. */
static ssize_t receive(int fd, void* bytes, size_t length) {
  for (;;) {
    struct sockaddr_nl sender = {0};
    socklen_t sender_length = sizeof(sender);
    ssize_t count = recvfrom(fd, bytes, length, MSG_DONTWAIT, (struct sockaddr*) &sender,
                             &sender_length);
    if (count <= 0 || (sender.nl_family == AF_NETLINK && sender.nl_pid == 0)) return count;
  }
}

/* Asks the connector for process events. 0 or a negative errno. */
static int subscribe(int fd) {
  static atomic_uint asked = 0;
  struct __attribute__((packed)) {
    struct nlmsghdr header;
    struct cn_msg message;
    uint32_t operation;
  } request = {
      .header = {.nlmsg_len = sizeof(request), .nlmsg_type = NLMSG_DONE},
      .message = {.id = {.idx = CN_IDX_PROC, .val = CN_VAL_PROC},
                  .ack = ((uint32_t) getpid() << 8) + 2 * atomic_fetch_add(&asked, 1),
                  .len = sizeof(request.operation)},
      .operation = PROC_CN_MCAST_LISTEN,
  };
  /* The kernel has the other end in the first network namespace only. */
  if (send(fd, &request, sizeof(request), 0) < 0) {
    return errno == ECONNREFUSED ? -EOPNOTSUPP : -errno;
  }

  /* The kernel multicasts the answer before send() returns. It does not answer in another process
   * or user namespace, where the numbers in the events would mean other processes. */
  for (;;) {
    uint8_t answer[NLMSG_HDRLEN + sizeof(struct cn_msg) + sizeof(struct proc_event)];
    uint8_t* event = answer + NLMSG_HDRLEN + sizeof(struct cn_msg);
    ssize_t length = receive(fd, answer, sizeof(answer));
    if (length < 0 && errno == ENOBUFS) continue;
    if (length < 0) return -EPERM;
    if (length < (ssize_t) sizeof(answer)) continue;
    struct cn_msg message;
    uint32_t what = 0, failure = 0;
    memcpy(&message, answer + NLMSG_HDRLEN, sizeof(message));
    memcpy(&what, event + offsetof(struct proc_event, what), sizeof(what));
    memcpy(&failure, event + offsetof(struct proc_event, event_data), sizeof(failure));
    if (what == 0 && message.ack == request.message.ack + 1) return -(int) failure;
  }
}

napi_value select_proc_listen(napi_env env, napi_callback_info info) {
  (void) info;
  int fd = listen_to(NETLINK_CONNECTOR, CN_IDX_PROC);
  /* Kernels without the connector do not know the protocol. */
  if (fd < 0) return integer(env, errno == EPROTONOSUPPORT ? -EOPNOTSUPP : -errno);
  int failure = subscribe(fd);
  if (failure == 0) return integer(env, fd);
  close(fd);
  return integer(env, failure);
}

napi_value select_link_listen(napi_env env, napi_callback_info info) {
  (void) info;
  return result_of(env, listen_to(NETLINK_ROUTE, RTMGRP_LINK));
}

/* Asks rtnetlink for an interface: ioctl(SIOCGIFFLAGS) wants a name and has no room for
 * IFF_LOWER_UP. */
static int64_t flags_of(int fd, int32_t index) {
  struct {
    struct nlmsghdr header;
    struct ifinfomsg link;
  } request = {
      .header = {.nlmsg_len = sizeof(request),
                 .nlmsg_type = RTM_GETLINK,
                 .nlmsg_flags = NLM_F_REQUEST},
      .link = {.ifi_family = AF_UNSPEC, .ifi_index = index},
  };
  /* The attributes that follow do not fit and are not wanted. */
  struct {
    struct nlmsghdr header;
    union {
      struct ifinfomsg link;
      struct nlmsgerr error;
    };
  } answer = {0};
  if (send(fd, &request, sizeof(request), 0) < 0) return -errno;
  if (receive(fd, &answer, sizeof(answer)) < 0) return -errno;
  if (answer.header.nlmsg_type == NLMSG_ERROR) return answer.error.error;
  return answer.header.nlmsg_type == RTM_NEWLINK ? (int64_t) answer.link.ifi_flags : -ENODEV;
}

napi_value select_link_flags(napi_env env, napi_callback_info info) {
  int32_t index = 0;
  if (!read_one(env, info, &index)) return integer(env, -EINVAL);
  if (index <= 0) return integer(env, -ENODEV);
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (fd < 0) return integer(env, -errno);
  int64_t flags = flags_of(fd, index);
  close(fd);
  return integer(env, flags);
}

/* netlink_read(memory, fd, address, length) */
napi_value select_netlink_read(napi_env env, napi_callback_info info) {
  int32_t fd = 0;
  uint8_t* bytes = NULL;
  uint32_t length = 0;
  int failure = read_span(env, info, &fd, &bytes, &length);
  return failure != 0 ? integer(env, failure) : result_of(env, receive(fd, bytes, length));
}
