/* The amounts that can be read, written or accepted, and the end of a socket. No query has a side
 * effect on the descriptor. */

#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/sockios.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* The kernel's header: the C library's lacks the newer fields. */
#include <linux/tcp.h>

#include "sources.h"

/* As asm/abi.ts lays it out. */
struct data_record {
  int32_t fd;
  uint32_t what;
  int64_t value;
  int32_t error;
  uint32_t state;
};

/* The half of a data record that the answer fills. */
struct data_answer {
  int64_t value;
  int32_t error;
  uint32_t state;
};

_Static_assert(ABI_DATA_VALUE + sizeof(struct data_answer) == ABI_DATA_SIZE, "data answer");
_Static_assert(sizeof(struct data_record) == ABI_DATA_SIZE, "data record");
_Static_assert(offsetof(struct data_record, fd) == ABI_DATA_FD, "data.fd");
_Static_assert(offsetof(struct data_record, what) == ABI_DATA_WHAT, "data.what");
_Static_assert(offsetof(struct data_record, value) == ABI_DATA_VALUE, "data.value");
_Static_assert(offsetof(struct data_record, error) == ABI_DATA_ERROR, "data.error");
_Static_assert(offsetof(struct data_record, state) == ABI_DATA_STATE, "data.state");

/* States of a TCP socket. <netinet/tcp.h> has them, but cannot be included beside <linux/tcp.h>. */
enum { ESTABLISHED = 1, FIN_WAIT1 = 4, FIN_WAIT2 = 5, TIME_WAIT = 6, CLOSED = 7, CLOSE_WAIT = 8,
       LAST_ACK = 9, LISTENING = 10, CLOSING = 11 };

static int64_t or_errno(int64_t result) { return result < 0 ? -errno : result; }

static int64_t clamped(int64_t value) { return value < 0 ? 0 : value; }

/* An `int` option of a socket, or a negative errno. */
static int64_t option(int fd, int name) {
  int value = 0;
  socklen_t length = sizeof(value);
  return or_errno(getsockopt(fd, SOL_SOCKET, name, &value, &length) < 0 ? -1 : value);
}

/* The bytes go to `out`, since those of a file are below 0 beyond its end; returns 0 or a negative errno. */
static int64_t readable(int fd, int64_t* out) {
  int bytes = 0;
  if (ioctl(fd, FIONREAD, &bytes) < 0) return -errno;
  *out = bytes;
  return 0;
}

static int64_t sendable(int fd) {
  int queued = 0;
  int64_t size = option(fd, SO_SNDBUF);
  if (size < 0) return size;
  if (ioctl(fd, SIOCOUTQ, &queued) < 0) return -errno;
  return clamped(size - queued);
}

static int64_t pipe_room(int fd) {
  int64_t size = or_errno(fcntl(fd, F_GETPIPE_SZ));
  if (size < 0) return size;
  int64_t bytes = 0;
  int64_t error = readable(fd, &bytes);
  return error < 0 ? error : clamped(size - bytes);
}

/* The rest of the file goes to `out`, since it may be negative; returns 0 or a negative errno. */
static int64_t rest_of_file(int fd, int64_t* out) {
  struct stat file;
  off_t offset = lseek(fd, 0, SEEK_CUR);
  if (offset < 0 || fstat(fd, &file) < 0) return -errno;
  *out = file.st_size - offset;
  return 0;
}

/* The count goes to `out`, all its 64 bits; returns 0 or a negative errno. */
static int64_t counter(int fd, int64_t* out) {
  static const char label[] = "eventfd-count:";
  char path[40], text[512];
  snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return errno == ENOENT ? -EBADF : -errno;
  ssize_t length = read(file, text, sizeof(text) - 1);
  close(file);
  text[length < 0 ? 0 : length] = '\0';
  const char* found = strstr(text, label);
  if (found == NULL) return -EINVAL;
  *out = (int64_t) strtoull(found + sizeof(label) - 1, NULL, 16);
  return 0;
}

/* An entry of the kernel's table of Unix sockets (unix_diag). */
struct unix_socket {
  int64_t waiting;
  uint32_t shut;
};

/* Asks for the Unix socket with an inode number through a netlink socket of its own. */
static bool ask_for_unix(int netlink, uint32_t inode, struct unix_socket* out) {
  struct {
    struct nlmsghdr header;
    struct unix_diag_req request;
  } question = {
      .header = {.nlmsg_len = sizeof(question),
                 .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                 .nlmsg_flags = NLM_F_REQUEST},
      .request = {.sdiag_family = AF_UNIX,
                  .udiag_states = UINT32_MAX,
                  .udiag_ino = inode,
                  .udiag_show = UDIAG_SHOW_RQLEN,
                  .udiag_cookie = {UINT32_MAX, UINT32_MAX}},
  };
  union {
    struct nlmsghdr header;
    uint8_t bytes[1024];
  } answer;

  if (send(netlink, &question, sizeof(question), MSG_DONTWAIT) < 0) return false;
  ssize_t length = recv(netlink, &answer, sizeof(answer), MSG_DONTWAIT);
  if (length < (ssize_t) NLMSG_SPACE(sizeof(struct unix_diag_msg)) ||
      answer.header.nlmsg_type != SOCK_DIAG_BY_FAMILY || answer.header.nlmsg_len > length) {
    return false;
  }
  uint8_t* end = answer.bytes + answer.header.nlmsg_len;
  uint8_t* at = answer.bytes + NLMSG_SPACE(sizeof(struct unix_diag_msg));
  while (end - at >= (ssize_t) sizeof(struct rtattr)) {
    struct rtattr attribute;
    memcpy(&attribute, at, sizeof(attribute));
    if (attribute.rta_len < sizeof(attribute) || attribute.rta_len > end - at) return false;
    if (attribute.rta_type == UNIX_DIAG_RQLEN) {
      struct unix_diag_rqlen lengths;
      memcpy(&lengths, at + RTA_LENGTH(0), sizeof(lengths));
      out->waiting = lengths.udiag_rqueue;
    } else if (attribute.rta_type == UNIX_DIAG_SHUTDOWN) {
      out->shut = at[RTA_LENGTH(0)];
    }
    at += RTA_ALIGN(attribute.rta_len);
  }
  return true;
}

static bool find_unix(int fd, struct unix_socket* out) {
  struct stat file;
  *out = (struct unix_socket) {0};
  if (fstat(fd, &file) < 0) return false;
  int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
  if (netlink < 0) return false;
  bool found = ask_for_unix(netlink, (uint32_t) file.st_ino, out);
  close(netlink);
  return found;
}

static bool tcp_info(int fd, struct tcp_info* out) {
  /* Old kernels fill fewer fields; the fields that they do not know are 0. */
  memset(out, 0, sizeof(*out));
  socklen_t length = sizeof(*out);
  return getsockopt(fd, IPPROTO_TCP, TCP_INFO, out, &length) == 0;
}

/* revents of poll(2), with both hang-ups. */
static int revents(int fd) {
  struct pollfd one = {.fd = fd, .events = POLLIN | POLLRDHUP};
  return poll(&one, 1, 0) < 0 ? 0 : one.revents;
}

/* Bytes that a TCP socket holds, from TCP_ZEROCOPY_RECEIVE without room to receive into, which
 * takes nothing out of the socket: `until_mark` is FIONREAD (tcp_inq), which an urgent mark ends;
 * `held` counts by sequence numbers (tcp_inq_hint), an urgent byte and a FIN included. Linux 5.6;
 * it refuses a page and more before the mark (EINVAL: it wants to map them), and an end of stream
 * next to be read (EIO). */
struct held_bytes {
  uint32_t unused[3];
  uint32_t until_mark;
  uint32_t held;
};

_Static_assert(offsetof(struct held_bytes, until_mark) ==
                   offsetof(struct tcp_zerocopy_receive, recv_skip_hint), "recv_skip_hint");
_Static_assert(offsetof(struct held_bytes, held) == offsetof(struct tcp_zerocopy_receive, inq),
               "inq");

static bool held_bytes(int fd, struct held_bytes* out) {
  memset(out, 0, sizeof(*out));
  socklen_t length = sizeof(*out);
  return getsockopt(fd, IPPROTO_TCP, TCP_ZEROCOPY_RECEIVE, out, &length) == 0 &&
         length == sizeof(*out);
}

/* DATA_UNREAD. With a page or more before the mark the count ends at the mark. Of a connection that
 * was reset after its end of stream the count is one too high: nothing shows the end any more. */
static int64_t unread(int fd) {
  struct tcp_info info;
  struct held_bytes bytes;
  int64_t until_mark = 0;
  int64_t error = readable(fd, &until_mark);
  if (error < 0) return error;
  if (!tcp_info(fd, &info)) return -EOPNOTSUPP;
  if (held_bytes(fd, &bytes)) {
    bool has_fin = info.tcpi_state == CLOSE_WAIT || info.tcpi_state == CLOSING ||
                   info.tcpi_state == LAST_ACK || info.tcpi_state == TIME_WAIT ||
                   (info.tcpi_state == CLOSED && (revents(fd) & POLLERR) == 0);
    int64_t held = (int64_t) bytes.held - (has_fin ? 1 : 0);
    /* A read skips the urgent byte. */
    return held > bytes.until_mark ? held - 1 : bytes.until_mark;
  }
  /* The mark is next: a read passes it, and so does a peek, which copies nothing (MSG_TRUNC). A
   * peek of nothing would take a pending error from the program. */
  if (until_mark > 0 || (revents(fd) & POLLERR) != 0) return until_mark;
  return clamped(recv(fd, NULL, INT32_MAX, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT));
}

static int64_t backlog(int fd) {
  struct tcp_info info;
  struct unix_socket local;
  int64_t listens = option(fd, SO_ACCEPTCONN);
  if (listens < 0) return listens;
  if (listens == 0) return -EINVAL;

  int64_t waiting = 1;
  if (tcp_info(fd, &info)) {
    /* Of a listener, this field is the length of the queue. */
    if (info.tcpi_state == LISTENING) waiting = info.tcpi_unacked;
  } else if (option(fd, SO_DOMAIN) == AF_UNIX && find_unix(fd, &local)) {
    waiting = local.waiting;
  }
  return waiting < 1 ? 1 : waiting;
}

/* An `int` option of a TCP socket, or 0. */
static uint32_t tcp_option(int fd, int name) {
  int value = 0;
  socklen_t length = sizeof(value);
  return getsockopt(fd, IPPROTO_TCP, name, &value, &length) < 0 ? 0 : (uint32_t) value;
}

/* Retransmissions after which a peer is given up at the earliest, as RFC 1122 has it; Linux's
 * default is 15 (tcp_retries2). */
#define LEAST_RETRIES 8

/* Why a TCP socket that was in use is closed. The error itself cannot be asked for without
 * taking it from the program (SO_ERROR), so it is inferred from what happened:
 * - no answer at all to the SYN: ETIMEDOUT if it was sent as often as may be, else EHOSTUNREACH:
 *   a router said so, or no neighbour on the link has the address;
 * - an answer, but no handshake: ECONNREFUSED;
 * - retransmissions or keep-alive probes up to their limit: ETIMEDOUT;
 * - else a reset: ECONNRESET. Linux says EPIPE if the peer's end of stream came before the reset,
 *   which cannot be seen; FreeBSD says ECONNRESET then, too.
 * Measured on 6.18: a handshake leaves a round-trip time, and the initiator's SYN counts as an
 * acknowledged byte; a refusal leaves one received segment, no round-trip time and no such byte. */
static uint32_t tcp_error(int fd, const struct tcp_info* info) {
  bool shook_hands = info->tcpi_rtt != 0 || info->tcpi_bytes_acked != 0 ||
                     info->tcpi_bytes_received != 0 || info->tcpi_options != 0;
  /* With TCP_USER_TIMEOUT, the limit is a time: any number of attempts may have been the last. */
  bool is_timed = tcp_option(fd, TCP_USER_TIMEOUT) != 0;
  if (!shook_hands) {
    if (info->tcpi_segs_in != 0) return ECONNREFUSED;
    uint32_t limit = is_timed ? 1 : tcp_option(fd, TCP_SYNCNT);
    return info->tcpi_total_retrans >= limit ? ETIMEDOUT : EHOSTUNREACH;
  }
  bool was_given_up =
      info->tcpi_retransmits >= (is_timed ? 1 : LEAST_RETRIES) ||
      (info->tcpi_probes != 0 && (is_timed || info->tcpi_probes >= tcp_option(fd, TCP_KEEPCNT)));
  return was_given_up ? ETIMEDOUT : ECONNRESET;
}

static uint32_t tcp_state(int fd, const struct tcp_info* info) {
  switch (info->tcpi_state) {
    case CLOSED:
      if (info->tcpi_segs_in == 0 && info->tcpi_segs_out == 0) return ABI_DATA_STATE_UNCONNECTED;
      return ABI_DATA_STATE_SHUT_WRITE |
             ((revents(fd) & POLLERR) != 0 ? tcp_error(fd, info) : 0);
    case FIN_WAIT1:
    case FIN_WAIT2:
    case CLOSING:
    case LAST_ACK:
    case TIME_WAIT:
      return ABI_DATA_STATE_SHUT_WRITE;
    default:
      /* This POLLERR is not an error of the connection: it announces time stamps and the like. */
      return 0;
  }
}

static uint32_t unix_state(int fd, bool is_stream) {
  union {
    struct sockaddr any;
    struct sockaddr_storage storage;
  } peer;
  socklen_t length = sizeof(peer);
  struct unix_socket local;
  uint32_t state = (revents(fd) & POLLERR) != 0 ? ECONNRESET : 0;
  if (getpeername(fd, &peer.any, &length) < 0 && errno == ENOTCONN) {
    return option(fd, SO_ACCEPTCONN) > 0 ? 0 : state | ABI_DATA_STATE_UNCONNECTED;
  }
  bool is_shut;
  if (is_stream) {
    /* Sends nothing and takes no error: the kernel checks the shutdown first. */
    is_shut = send(fd, "", 0, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno == EPIPE;
  } else {
    /* On such a socket the same send would be an empty message. */
    is_shut = find_unix(fd, &local) && (local.shut & 2) != 0;
  }
  return state | (is_shut ? ABI_DATA_STATE_SHUT_WRITE : 0);
}

/* DATA_STATE_* of a socket; 0 if the descriptor is no socket. */
static uint32_t state_of(int fd) {
  struct tcp_info info;
  if (tcp_info(fd, &info)) return tcp_state(fd, &info);
  if (errno == ENOTSOCK || errno == EBADF) return 0;
  int64_t type = option(fd, SO_TYPE);
  if (type == SOCK_DGRAM) return (revents(fd) & POLLERR) != 0 ? ECONNREFUSED : 0;
  if (option(fd, SO_DOMAIN) == AF_UNIX) return unix_state(fd, type == SOCK_STREAM);
  return (revents(fd) & POLLERR) != 0 ? ECONNRESET : 0;
}

static void answer(struct data_record* record) {
  int64_t value = 0;
  record->value = 0;
  record->state = 0;
  switch (record->what & ~(uint32_t) ABI_DATA_WITH_STATE) {
    case ABI_DATA_OPEN:
      value = fcntl(record->fd, F_GETFD) < 0 ? -errno : 0;
      break;
    case ABI_DATA_READABLE:
      value = readable(record->fd, &record->value);
      break;
    case ABI_DATA_SENDABLE:
      value = sendable(record->fd);
      break;
    case ABI_DATA_PIPE_ROOM:
      value = pipe_room(record->fd);
      break;
    case ABI_DATA_BACKLOG:
      value = backlog(record->fd);
      break;
    case ABI_DATA_FILE:
      value = rest_of_file(record->fd, &record->value);
      break;
    case ABI_DATA_UNREAD:
      value = unread(record->fd);
      break;
    case ABI_DATA_COUNTER:
      value = counter(record->fd, &record->value);
      break;
    default:
      value = -EINVAL;
  }
  record->error = value < 0 ? (int32_t) value : 0;
  if (value > 0) record->value = value;
  if ((record->what & ABI_DATA_WITH_STATE) != 0) record->state = state_of(record->fd);
}

/* Answers a record that asks for DATA_READABLE and no more, in place. */
static bool answer_readable(uint8_t* at) {
  int32_t fd_what[2];
  memcpy(fd_what, at + ABI_DATA_FD, sizeof(fd_what));
  if (fd_what[1] != ABI_DATA_READABLE) return false;
  int bytes = 0;
  struct data_answer answer = {0};
  if (ioctl(fd_what[0], FIONREAD, &bytes) < 0) answer.error = -errno;
  else answer.value = bytes;
  memcpy(at + ABI_DATA_VALUE, &answer, sizeof(answer));
  return true;
}

/* fd_data(memory): records and count are in the call block. */
napi_value select_fd_data(napi_env env, napi_callback_info info) {
  uint8_t* memory = NULL;
  size_t length = 0;
  uint8_t* records = NULL;

  struct call* call = read_call(env, info, &memory, &length);
  const uint32_t count = call->arguments[1];
  call->result = records_in(memory, length, call->arguments[0], count, ABI_DATA_SIZE, &records);
  if (call->result != 0) return NULL;

  uint8_t* at = records;
  for (uint32_t i = 0; i < count; i++, at += ABI_DATA_SIZE) {
    /* Nearly all records ask for this alone: the rest need not be copied. */
    if (answer_readable(at)) continue;
    struct data_record record;
    memcpy(&record, at, sizeof(record));
    answer(&record);
    memcpy(at, &record, sizeof(record));
  }
  return NULL;
}
