// What the host without native code leaves out besides what every host without epoll and kqueue does: things that
// Node does not tell of a descriptor, and calls of omnipoll/os that it has nothing for.

import type { OtherHost } from "./hosts.ts";
import { leftOut, skips } from "./skip.ts";

const FALLBACK: readonly OtherHost[] = ["wasi"];

const COUNTS = "Node tells that a descriptor has bytes or room, and not how many";
const HANGUPS = "Node tells the hang-up of a pipe once its bytes are read";
const CALLS = "expects the error of a call of omnipoll/os, which is ENOSYS here";
const NAMES =
  "an epoll or kqueue of the core has a number that is no descriptor, so that no other call takes it";
const ADDON = "makes hosts of this machine, which need the addon";
const POSTS = "queues of this host take no events of other threads";
const FULL = "an event with an error does not tell whether a pipe has room";
const BANDS = "poll_oneoff does not tell of bands";
const ENDED =
  "poll_oneoff tells of a peer that has ended, and not whether both directions are over";
const TERMINALS = "the hang-up of a terminal is an error to libuv, which ends the look at it";
const FILES = "to Node a file of /proc or sysfs is a regular file, which is always ready";
const NUMBERS = "Node has descriptors of its own, and a FIFO takes one for a moment";
const LIMITS = "poll_oneoff has no limit of descriptors";
const HELD = "poll(2) holds an open file as long as it waits, and Node's handles do not";
const PROCESSES =
  "makes so many pipes, each of which takes a process, that the test would take an hour";
const GUESTS =
  "guests wait over `watch`, which this host lacks, and are told how many bytes there are, which Node does not tell";
const OFFSETS =
  "Node reads the offset of a file from /proc, which takes 40 µs for each of the files";
const SPEED = "fstat(2) of a closed descriptor throws in Node, which takes 10 µs";

export const FALLBACK_LEFT_OUT = [
  leftOut(FALLBACK, COUNTS, "kqueue/both", "kqueue/express", "kqueue/model", "kqueue/random"),
  leftOut(FALLBACK, PROCESSES, "kqueue/reuse", "poll/churn"),
  leftOut(FALLBACK, "tests the addon", "os/module"),
  leftOut(
    FALLBACK,
    "compares with programs of Linux, which have sockets and counts",
    "conformance/recordings",
  ),
  leftOut(FALLBACK, GUESTS, "wasi/adapters", "wasi/c-programs", "wasi/c-suspend", "wasi/cancel"),
  leftOut(FALLBACK, GUESTS, "wasi/descriptor-set", "wasi/emscripten", "wasi/guest", "wasi/hostile"),
  leftOut(FALLBACK, GUESTS, "wasi/jspi", "wasi/limits", "wasi/oneoff", "wasi/probe"),
  leftOut(FALLBACK, GUESTS, "wasi/queue-sources", "wasi/suspend"),
  leftOut(FALLBACK, GUESTS, "wasi/transfers", "wasi/waits"),
];

export const FALLBACK_SKIPS = [
  ...skips(FALLBACK, "bindings/handles", ADDON, "cores in one thread share nothing"),
  ...skips(FALLBACK, "bindings/inspect", COUNTS, "epoll: inspecting between two waits takes no"),
  ...skips(FALLBACK, "bindings/waitable", ENDED, "process.stdin: a pipe, a file"),
  ...skips(FALLBACK, "devpoll/devpoll", NAMES, "DEV-20: ", "a garbage-collected object"),
  ...skips(FALLBACK, "devpoll/poll", HANGUPS, "DEV-22: ", "DEV-38: "),
  ...skips(FALLBACK, "epoll/edge", HANGUPS, "EPO-114: "),
  ...skips(FALLBACK, "epoll/epoll", NAMES, "EPO-008: ", "EPO-016: ", "EPO-024: "),
  ...skips(FALLBACK, "epoll/events", HANGUPS, "EPO-074: "),
  ...skips(FALLBACK, "epoll/events", BANDS, "EPO-079: "),
  ...skips(FALLBACK, "epoll/events", TERMINALS, "EPO-101: "),
  ...skips(FALLBACK, "epoll/oneshot", HANGUPS, "EPO-133: "),
  ...skips(FALLBACK, "kqueue/close", NAMES, "a queue whose descriptor is closed with os.close"),
  ...skips(FALLBACK, "kqueue/close", NAMES, "a garbage-collected queue"),
  ...skips(FALLBACK, "kqueue/close", ADDON, "the module of another core", "1 000 queues"),
  ...skips(FALLBACK, "kqueue/close", ADDON, "a queue of 100 000 knotes"),
  ...skips(FALLBACK, "kqueue/close", COUNTS, "9 000 descriptors"),
  ...skips(FALLBACK, "kqueue/control", ADDON, "errors and receipts"),
  ...skips(FALLBACK, "kqueue/enabling", COUNTS, "KQ-082: ", "KQ-083: "),
  ...skips(FALLBACK, "kqueue/files", "FIONREAD of a directory is of no use here", "a directory is"),
  ...skips(FALLBACK, "kqueue/files", OFFSETS, "hundreds of files"),
  ...skips(FALLBACK, "kqueue/flags", COUNTS, "KQ-066: ", "KQ-068: ", "KQ-074: ", "KQ-075: "),
  ...skips(FALLBACK, "kqueue/flags", COUNTS, "KQ-076: ", "KQ-077: ", "KQ-078, ", "KQ-081: "),
  ...skips(FALLBACK, "kqueue/kqueue", NAMES, "KQ-022: "),
  ...skips(FALLBACK, "kqueue/kqueue", COUNTS, "KQ-041: "),
  ...skips(FALLBACK, "kqueue/nesting", NAMES, "KQ-220: "),
  ...skips(FALLBACK, "kqueue/nesting", POSTS, "waiting on a queue from outside"),
  ...skips(FALLBACK, "kqueue/order", COUNTS, "KQ-096: "),
  ...skips(FALLBACK, "kqueue/read", COUNTS, "KQ-104: ", "KQ-111: "),
  ...skips(FALLBACK, "kqueue/read", TERMINALS, "a terminal: "),
  ...skips(FALLBACK, "kqueue/sockets", ENDED, "EMU-05: a reset of a Unix socket"),
  ...skips(
    FALLBACK,
    "kqueue/user",
    POSTS,
    "KQ-214: ",
    "another thread may",
    "thousands of triggers",
  ),
  ...skips(
    FALLBACK,
    "kqueue/write",
    COUNTS,
    "KQ-134: a pipe whose reader",
    "EV_ONESHOT, EV_DISPATCH",
  ),
  ...skips(FALLBACK, "os/os", CALLS, "a descriptor of the wrong direction", "set_blocking"),
  ...skips(FALLBACK, "os/os", CALLS, "values that C has no room for"),
  ...skips(
    FALLBACK,
    "os/readable",
    COUNTS,
    "FIONREAD of a regular file",
    "FIONREAD of a directory",
  ),
  ...skips(FALLBACK, "os/readable", COUNTS, "FIONREAD of devices", "FIONREAD of pipes"),
  ...skips(FALLBACK, "os/receive", CALLS, "aio_read"),
  ...skips(FALLBACK, "os/sockets", CALLS, "a pipe throws ENOTSOCK", "kinds of socket"),
  ...skips(FALLBACK, "poll/poll", LIMITS, "POL-53: "),
  ...skips(FALLBACK, "poll/states", HANGUPS, "POL-44: "),
  ...skips(FALLBACK, "poll/states", FULL, "POL-45: "),
  ...skips(FALLBACK, "poll/states", FILES, "POL-52: "),
  ...skips(FALLBACK, "programs/cross", HELD, "XC-20: "),
  ...skips(FALLBACK, "programs/cross", NUMBERS, "XC-22: "),
  ...skips(FALLBACK, "programs/cross", FILES, "XC-32: "),
  ...skips(FALLBACK, "select/select", SPEED, "a great many closed descriptors"),
  ...skips(FALLBACK, "select/states", HELD, "SEL-53: "),
];
