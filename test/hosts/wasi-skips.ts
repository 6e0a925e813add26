// What the simulated WASI and the standalone core leave out besides what every host without epoll and kqueue does:
// things that poll_oneoff, fd_filestat_get and fd_fdstat_get do not tell.

import { leftOut, recorded, skips } from "./skip.ts";

const WASI = ["sim:wasi", "standalone"] as const;
/** omnipoll/os of a simulated WASI has the calls of WASI alone. */
const SIMULATED = ["sim:wasi"] as const;
/** omnipoll/os of the standalone core has all calls of this machine, which do not know the names of the core. */
const STANDALONE = ["standalone"] as const;

const URGENT = "poll_oneoff does not tell of urgent data or bands";
const COUNTS = "WASI does not tell an eventfd from a pipe, nor its count";
const LISTENERS = "WASI does not tell a listener from a connection, nor how many connections wait";
const HALVES = "poll_oneoff tells that the peer has ended once all bytes are read";
const FRESH = "to poll_oneoff a socket that was never connected is one whose connection is over";
const FULL = "an event with an error does not tell whether a pipe has room";
const NAMES =
  "an epoll or kqueue of the core has a number that is no descriptor, so that no other call takes it";
const UNUSED =
  "the program uses the number of a closed descriptor, which a new epoll does not take here";
const RECORDS = "to poll_oneoff an empty record is the end of a stream";
const POSTS = "WASI has no threads that could post to a queue";
const ENDS =
  "WASI does not tell that a socket for datagrams was shut down, so that a guest waits for ever";
const FIFOS = "WASI does not tell a FIFO, which may get another reader, from a pipe";
const PIDFDS = "to poll_oneoff the end of a descriptor without bytes is that of a pipe";
const BYTES = "the number of bytes of an event has no error and no sign";

export const WASI_LEFT_OUT = [
  leftOut([...WASI, "wasi"], POSTS, "kqueue/aio"),
  leftOut(WASI, ENDS, "wasi/datagram-end"),
];

export const WASI_SKIPS = [
  ...skips(STANDALONE, "devpoll/devpoll", NAMES, "DEV-21: "),
  ...skips(STANDALONE, "epoll/epoll", NAMES, "EPO-016: "),
  ...skips(STANDALONE, "epoll/events", PIDFDS, "EPO-100: ", "EPO-125: "),
  ...skips(STANDALONE, "kqueue/close", NAMES, "a queue whose descriptor is closed with os.close"),
  ...skips(STANDALONE, "kqueue/close", POSTS, "the module of another core"),
  ...skips(
    STANDALONE,
    "kqueue/reuse",
    NAMES,
    "a queue whose descriptor is closed with omnipoll/os",
  ),
  ...skips(STANDALONE, "kqueue/write", FIFOS, "KQ-135: "),
  ...skips(STANDALONE, "programs/cross", URGENT, "XC-32: "),
  ...skips(WASI, "devpoll/devpoll", URGENT, "the mask is POLLIN"),
  ...skips(WASI, "devpoll/devpoll", NAMES, "a garbage-collected object"),
  ...skips(WASI, "epoll/epoll", NAMES, "EPO-008: ", "EPO-024: "),
  ...skips(WASI, "epoll/epoll", URGENT, "EPO-025: "),
  ...skips(WASI, "epoll/edge", COUNTS, "EPO-105: ", "EPO-120: ", "EPO-121: "),
  ...skips(WASI, "epoll/edge", LISTENERS, "EPO-126: "),
  ...skips(WASI, "epoll/events", URGENT, "EPO-079: ", "EPO-092: ", "EPO-093: "),
  ...skips(WASI, "epoll/events", FRESH, "EPO-082: "),
  ...skips(
    WASI,
    "kqueue/connect",
    FRESH,
    "KQ-139: a socket registered before",
    "the connection of",
  ),
  ...skips(WASI, "kqueue/kqueue", NAMES, "KQ-024: "),
  ...skips(WASI, "kqueue/nesting", NAMES, "KQ-220: "),
  ...skips(WASI, "kqueue/nesting", POSTS, "waiting on a queue from outside"),
  ...skips(
    WASI,
    "kqueue/close",
    COUNTS,
    "KQ-101: a number that is used again",
    "9 000 descriptors",
  ),
  ...skips(WASI, "kqueue/close", NAMES, "a garbage-collected queue"),
  ...skips(WASI, "kqueue/read", COUNTS, "KQ-103: data of a SEQPACKET"),
  ...skips(WASI, "kqueue/read", HALVES, "KQ-111: "),
  ...skips(WASI, "kqueue/read", FRESH, "KQ-121: a queue with nothing"),
  ...skips(WASI, "kqueue/sockets", LISTENERS, "KQ-105", "a socket that listens after"),
  ...skips(WASI, "kqueue/sockets", HALVES, "KQ-107: "),
  ...skips(WASI, "kqueue/sockets", FRESH, "a fresh socket"),
  ...skips(WASI, "kqueue/urgent", URGENT, "data counts the bytes", "an urgent byte alone"),
  ...skips(WASI, "kqueue/urgent", URGENT, "data behind an urgent byte", "ONESHOT and DISPATCH"),
  ...skips(WASI, "kqueue/urgent", URGENT, "NOTE_LOWAT counts", "an urgent byte that was taken"),
  ...skips(WASI, "kqueue/urgent", URGENT, "the end of a stream", "data counts a great many"),
  ...skips(WASI, "kqueue/urgent", RECORDS, "an empty record of a SEQPACKET"),
  ...skips(WASI, "kqueue/user", POSTS, "KQ-214: ", "another thread may", "thousands of triggers"),
  ...skips(WASI, "kqueue/write", HALVES, "KQ-131: the own writing half"),
  ...skips(WASI, "kqueue/write", COUNTS, "an eventfd has room"),
  ...skips(
    SIMULATED,
    "os/readable",
    BYTES,
    "FIONREAD of a regular file",
    "FIONREAD of a directory",
  ),
  ...skips(SIMULATED, "os/readable", BYTES, "FIONREAD of devices"),
  ...skips(WASI, "os/receive", POSTS, "aio_read"),
  ...skips(WASI, "poll/poll", URGENT, "POL-05: "),
  ...skips(WASI, "poll/states", FULL, "POL-45: "),
  ...skips(WASI, "poll/states", COUNTS, "an eventfd: "),
  ...skips(WASI, "programs/cross", LISTENERS, "XC-40: "),
  ...skips(WASI, "select/states", URGENT, "a descriptor that reports only bits", "SEL-43: "),
  ...skips(SIMULATED, "wasi/c-programs", COUNTS, "every row of counter-checks.c"),
  ...skips(WASI, "wasi/descriptor-set", NAMES, "everything that a guest opened"),
  ...skips(SIMULATED, "wasi/transfers", COUNTS, "a write to an eventfd that has no room"),
  ...skips(SIMULATED, "wasi/emscripten", BYTES, "FIONREAD, FIONBIO"),
  ...recorded(WASI, FULL, "pipe: full, then without a reader", "program 119"),
  ...recorded(WASI, FRESH, "unix listener: idle, pending, accepted"),
  ...recorded(WASI, FRESH, "unix listener: the queue is full", "unix connect: no listener"),
  ...recorded(WASI, FRESH, "tcp: fresh, bound, listening, pending, accepted"),
  ...recorded(WASI, FRESH, "tcp ET: a refused connection"),
  ...recorded(WASI, URGENT, "tcp: urgent data", "tcp: urgent data in line"),
  ...recorded(WASI, URGENT, "tcp: select sees urgent data in the third list", "tcp ET: edges"),
  ...recorded(WASI, LISTENERS, "tcp ET: a listener"),
  ...recorded(WASI, COUNTS, "eventfd ET: writes and reads wake, also a write of nothing"),
  ...recorded(WASI, COUNTS, "eventfd ET: a semaphore that keeps tokens", "program 11"),
  ...recorded(WASI, COUNTS, "program 15", "program 24", "program 135", "program 272"),
  ...recorded(WASI, HALVES, "program 84", "program 88", "program 265"),
  ...recorded(WASI, UNUSED, "program 19", "program 22", "program 39", "program 56"),
  ...recorded(WASI, UNUSED, "program 123", "program 137", "program 205", "program 304"),
];
