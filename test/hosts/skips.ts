// The files and tests that a host leaves out, with reasons that docs/conformance.md shows. A listed file does not
// run. A listed test runs and must fail: the runner reports a listed test that passes, which must leave this
// list.

import { BROWSERS, clockless, OTHER_HOSTS, type OtherHost } from "./hosts.ts";
import { type LeftOut, leftOut, recorded, type Skip, skips } from "./skip.ts";
import { FALLBACK_LEFT_OUT, FALLBACK_SKIPS } from "./fallback-skips.ts";
import { WASI_LEFT_OUT, WASI_SKIPS } from "./wasi-skips.ts";

export type { Skip } from "./skip.ts";

/** Files with waits, which run in a worker with the real clock, too. */
const WAITING = new Set([
  "devpoll/devpoll",
  "epoll/oneshot",
  "epoll/poll",
  "epoll/waiting",
  "kqueue/kqueue",
  "kqueue/aio",
  "kqueue/nesting",
  "kqueue/programs",
  "kqueue/read",
  "kqueue/timer",
  "kqueue/timer-changes",
  "kqueue/timers",
  "kqueue/user",
  "kqueue/write",
  "os/interruptions",
  "poll/states",
  "select/states",
  "bindings/timeout",
]);

const LINUX: readonly OtherHost[] = ["sim:linux", ...BROWSERS];
/** Simulated kernels in Node. */
const IN_NODE = ["sim:linux", "sim:bsd", "sim:posix", "sim:wasi"] as const;
const SIMULATED = [...IN_NODE, "page", "worker"] as const;
/** Hosts whose simulated kernel reports files, processes, signals and links. */
const REPORTING = ["sim:linux", "sim:bsd", "page", "worker"] as const;
const BSD = ["sim:bsd"] as const;
/** Hosts on which the core translates every API to poll(2). */
const POLLING = ["posix", "sim:posix", "sim:wasi", "wasi", "standalone"] as const;
/** Those with the descriptors of this machine. */
const REAL_POLLING = ["posix", "wasi", "standalone"] as const;

/** The two with poll(2) itself; on WASI recorded programs end before an event that poll_oneoff cannot report. */
const POLL_2 = ["posix", "sim:posix"] as const;

const ADDON = "tests the C addon of this machine";
const COMMAND =
  "starts programs, which have descriptors of this machine, not of the simulated kernel";
const SAME = "calls no host";
const CHILDREN =
  "needs real processes; test/sim has tests of these rows: processes, kqueue-proc and rows";
const SIGNALS = "needs real signals; test/sim/signals.test.ts has tests of these rows";
const SIMULATION = "makes simulated kernels of its own on every host";
const SYSTEM = "needs real network interfaces; test/sim/interfaces.test.ts has tests of these rows";
const SOURCES =
  "needs a kernel that reports files, processes, signals or links, which poll(2) does not";
const SHARED =
  "an epoll that the core emulates belongs to the thread that made it, under one number";

/** Files that are left out. */
const LEFT_OUT: readonly LeftOut[] = [
  leftOut(
    OTHER_HOSTS,
    SAME,
    "package/abi",
    "package/hover",
    "package/calls",
    "package/ground",
    "package/headers",
    "package/standalone",
    "bindings/constants",
    "bindings/errors",
    "kqueue/kevent",
    "conformance/recorded-arguments",
  ),
  leftOut(OTHER_HOSTS, SAME, "bindings/registry", "conformance/rows", "layers"),
  leftOut(
    OTHER_HOSTS,
    ADDON,
    "native/addresses",
    "native/data",
    "native/sources",
    "native/stress",
    "native/threads",
    "native/waist",
    "native/watch",
  ),
  leftOut(OTHER_HOSTS, "builds the package", "package/build"),
  leftOut(OTHER_HOSTS, "reads the documentation", "docs/pages", "docs/snippets", "docs/browser"),
  leftOut(OTHER_HOSTS, SIMULATION, "epoll/over-kqueue", "epoll/over-kqueue-calls"),
  leftOut(
    OTHER_HOSTS,
    SIMULATION,
    "epoll/callbacks",
    "epoll/over-kqueue-errors",
    "epoll/over-poll",
    "epoll/over-poll-edges",
    "epoll/random",
    "fuzz/fuzz",
    "fuzz/inspect",
  ),
  leftOut(OTHER_HOSTS, "brings a host of its own", "kqueue/native", "wasi/standalone"),
  leftOut(OTHER_HOSTS, "starts programs without the addon", "wasi/host", "wasi/idle"),
  leftOut(SIMULATED, "runs node:wasi on this machine's descriptors", "wasi/adapters"),
  leftOut(OTHER_HOSTS, "tests the runner of the tests", "runner/runner"),
  leftOut(OTHER_HOSTS, "compiles programs in C, with hosts of their own", "programs/embedding"),
  leftOut(
    OTHER_HOSTS,
    "starts threads of an example, which have descriptors of this machine",
    "programs/plugins",
  ),
  leftOut(
    SIMULATED,
    COMMAND,
    "cli/arguments",
    "cli/cli",
    "cli/kqueue",
    "programs/demo",
    "programs/echo",
    "programs/prompt",
    "programs/trace",
  ),
  leftOut(
    REAL_POLLING,
    "tests how a program chooses an API and prints, which is the same on every host",
    "cli/arguments",
    "cli/cli",
    "programs/demo",
    "programs/prompt",
    "programs/trace",
  ),
  leftOut(REAL_POLLING, SOURCES, "cli/kqueue"),
  leftOut(
    OTHER_HOSTS,
    "counts the system calls of this machine's own host",
    "kqueue/strace",
    "native/strace",
  ),
  leftOut([...POLLING, ...BSD], SHARED, "epoll/waiting"),
  leftOut(
    SIMULATED,
    "waits for Node's own objects, which have descriptors of this machine",
    "bindings/waitable",
  ),
  leftOut(REPORTING, SYSTEM, "kqueue/netdev", "native/netlink"),
  leftOut(REPORTING, CHILDREN, "kqueue/proc", "kqueue/track", "native/process"),
  leftOut(REPORTING, SIGNALS, "kqueue/signal", "native/signal-default", "native/signal"),
  leftOut(OTHER_HOSTS, "starts a browser itself", "browser/browser", "browser/graph"),
  leftOut(
    BROWSERS,
    "loads a program's JavaScript that Emscripten made for Node",
    "wasi/emscripten",
  ),
  leftOut(BROWSERS, ADDON, "os/module"),
  leftOut(BROWSERS, "about the command line", "cli/doctor"),
  leftOut(BROWSERS, "about Node's own streams and ports", "wasi/node-sources"),
  leftOut(POLLING, SOURCES, "kqueue/directories", "kqueue/netdev", "kqueue/proc", "kqueue/signal"),
  leftOut(POLLING, SOURCES, "kqueue/track", "kqueue/vnode", "native/netlink", "native/process"),
  leftOut(POLLING, SOURCES, "native/signal-default", "native/signal"),
  ...FALLBACK_LEFT_OUT,
  ...WASI_LEFT_OUT,
];

/** Why a host leaves a file out; undefined if the file runs. */
export function reasonFor(host: OtherHost, file: string): string | undefined {
  if (file.startsWith("sim/")) return SIMULATION;
  const { base, isReal } = clockless(host);
  if (isReal && !WAITING.has(file)) return "has no waits, and so is the same as in virtual time";
  return LEFT_OUT.find(({ hosts, files }) => hosts.includes(base) && files.includes(file))?.reason;
}

/** How the paths of files begin that do not run the addon. */
const WITHOUT_ADDON = [
  "browser/",
  "conformance/rows",
  "docs/",
  "epoll/callbacks",
  "epoll/over-",
  "layers",
  "package/",
  "programs/embedding",
  "runner/",
  "sim/",
  "wasi/idle",
];

/** Why a file does not run while another build of the addon is tested; undefined if it does. */
export function reasonForAddon(file: string): string | undefined {
  const isWithout = WITHOUT_ADDON.some((beginning) => file.startsWith(beginning));
  return isWithout
    ? "another build of the addon is tested, which the file does not run"
    : undefined;
}

const STARTED = "starts a program, which has no descriptors of the simulated kernel";
const COLLECTED = "counts the descriptors of this process";
const LOOPBACK = "the simulated kernel has addresses on the loopback interface only";
const DEVICES = "poll(2) does not report whether a device is always ready";
const DUPLICATES =
  "the core registers numbers of descriptors, and does not know which of them are one open file";
const ORDER = "descriptors that became ready between two calls of poll(2) have no order";
const UNSEEN = "the edge changes no bit that poll(2) reports";
const ROOM = "the edge is more room in a socket that had room before";
const LIST_ORDER = "the active list of a kqueue has another order than the ready list of an epoll";
const OTHER_EDGES = "a kqueue does not report this edge, or reports it once more";
const ALL_THREADS = "a queue of the kernel belongs to all threads; test/sim/bsd.test.ts tests this";
const DATAGRAMS =
  "the next datagram may have come after the last poll(2), so the core reports one event too many";

export const SKIPS: readonly Skip[] = [
  ...skips(SIMULATED, "devpoll/devpoll", STARTED, "DEV-21: a program that is started"),
  ...skips(
    SIMULATED,
    "epoll/edge",
    "uses fs.watch, which is Node's own inotify; test/sim/rows.test.ts tests this row",
    "EPO-124: ",
  ),
  ...skips(SIMULATED, "epoll/events", CHILDREN, "EPO-100: ", "EPO-125: "),
  ...skips(
    IN_NODE,
    "epoll/events",
    "needs a terminal of script(1); test/sim/rows.test.ts has these rows",
    "EPO-101: ",
  ),
  ...skips(
    SIMULATED,
    "bindings/handles",
    "makes hosts of this machine",
    "cores in one thread share nothing",
  ),
  ...skips(SIMULATED, "kqueue/close", "makes hosts of this machine", "the module of another core"),
  ...skips(SIMULATED, "kqueue/close", COLLECTED, "1 000 queues"),
  ...skips(SIMULATED, "kqueue/files", STARTED, "KQ-117: a file that grows fires"),
  ...skips(IN_NODE, "kqueue/files", STARTED, "KQ-117: seeking back"),
  ...skips(SIMULATED, "kqueue/nesting", CHILDREN, "KQ-217: the end of a process"),
  ...skips(SIMULATED, "kqueue/nesting", SIGNALS, "KQ-217: a signal makes"),
  ...skips(SIMULATED, "kqueue/nesting", CHILDREN, "KQ-219: "),
  ...skips(
    IN_NODE,
    "kqueue/read",
    "needs a terminal of script(1); test/sim/rows.test.ts has these rows",
    "a terminal: ",
  ),
  ...skips(
    SIMULATED,
    "kqueue/vnode",
    "needs chown(2), and the simulated kernel has no users",
    "KQ-144: chown",
  ),
  ...skips(SIMULATED, "kqueue/vnode", STARTED, "another process wakes a waiter"),
  ...skips(
    LINUX,
    "kqueue/vnode",
    "a device of the simulated kernel has no inode",
    "a device may be watched",
  ),
  ...skips(SIMULATED, "kqueue/kqueue", COLLECTED, "KQ-025: "),
  ...skips(
    SIMULATED,
    "os/sockets",
    "the simulated kernel has no resolver for names",
    "a name that is not known",
  ),
  ...skips(
    SIMULATED,
    "os/sockets",
    "the simulated kernel has no netlink sockets",
    "a family without addresses",
  ),
  ...skips(IN_NODE, "os/sockets", LOOPBACK, "the scope of"),
  ...skips(SIMULATED, "os/sockets", LOOPBACK, "a scope"),
  ...skips(SIMULATED, "os/os", STARTED, "everything made is close-on-exec", "nothing made reaches"),
  ...skips(
    SIMULATED,
    "os/os",
    "reads the flags of a descriptor in /proc",
    "set_blocking changes one flag",
  ),
  ...skips(SIMULATED, "os/os", CHILDREN, "kill with signal 0", "kill sends", "pidfd_open gives"),
  ...skips(
    SIMULATED,
    "poll/poll",
    "tests the limit of this process; test/sim/rows.test.ts tests the simulated one",
    "POL-53: ",
  ),
  ...skips(SIMULATED, "select/select", STARTED, "SEL-17: "),
  ...skips(BROWSERS, "epoll/epoll", "reads the flags of a descriptor in /proc", "EPO-008: "),
  ...skips(BROWSERS, "kqueue/close", "makes hosts of this machine", "a queue of 100 000 knotes"),
  ...skips(BROWSERS, "kqueue/control", "makes hosts of this machine", "errors and receipts"),
  ...skips(BROWSERS, "kqueue/control", STARTED, "KQ-063: ", "KQ-064: "),
  ...skips(BROWSERS, "kqueue/kqueue", STARTED, "KQ-024: "),
  ...skips(
    BROWSERS,
    "poll/churn",
    "a page cannot measure its memory",
    "poll objects that are collected",
  ),
  ...skips(POLLING, "epoll/control", DEVICES, "EPO-038: "),
  ...skips(REAL_POLLING, "epoll/control", DEVICES, "EPO-039: "),
  ...skips(POLLING, "epoll/control", DUPLICATES, "EPO-163: ", "EPO-166: ", "EPO-168: "),
  ...skips(POLLING, "epoll/control", SHARED, "EPO-169: "),
  ...skips(POLLING, "epoll/edge", UNSEEN, "EPO-115: "),
  ...skips(POLLING, "epoll/oneshot", SHARED, "EPO-143: ", "EPO-145: "),
  ...skips(POLLING, "epoll/order", ORDER, "EPO-146: ", "EPO-149: ", "EPO-150: ", "EPO-152: "),
  ...skips(POLLING, "epoll/order", DUPLICATES, "EPO-153: "),
  ...skips(SIMULATED, "programs/cross", STARTED, "XC-11: "),
  ...skips(POLLING, "programs/cross", DEVICES, "XC-29, XC-31: "),
  ...skips([...POLLING, ...BSD], "programs/cross", SHARED, "XC-44: ", "XC-49: "),
  ...skips(POLLING, "kqueue/control", DUPLICATES, "KQ-060: a duplicate"),
  ...skips(POLLING, "kqueue/control", SOURCES, "KQ-063: "),
  ...skips(
    POLLING,
    "kqueue/nesting",
    SOURCES,
    "KQ-217: a file that is written",
    "KQ-217: a signal",
  ),
  ...skips(POLLING, "kqueue/nesting", SOURCES, "KQ-217: the end of a process", "KQ-219: "),
  ...skips(POLLING, "kqueue/order", ORDER, "KQ-093: "),
  ...skips(POLLING, "kqueue/programs", SOURCES, "a watcher of a file"),
  ...skips(POLLING, "kqueue/read", DEVICES, "KQ-126: "),
  ...skips(
    REAL_POLLING,
    "kqueue/kqueue",
    "a queue over poll(2) is no epoll of the kernel",
    "KQ-025: ",
  ),
  ...recorded(POLLING, DEVICES, "files that are always ready"),
  ...recorded(REAL_POLLING, DEVICES, "special files that epoll takes"),
  ...recorded(POLLING, DUPLICATES, "epoll: two registrations of one file, the newest first"),
  ...recorded(POLLING, DUPLICATES, "epoll: a duplicate keeps the entry of a closed number"),
  ...recorded(POLLING, DUPLICATES, "epoll: a number reused while the old file lives"),
  ...recorded(POLLING, DUPLICATES, "program 36", "program 181"),
  ...recorded(POLL_2, DUPLICATES, "program 51"),
  ...recorded(POLLING, SHARED, "epoll: a duplicate of the epoll itself"),
  ...recorded(POLLING, ORDER, "epoll: order of becoming ready, and fairness"),
  ...recorded(POLLING, ORDER, "epoll: order with edges"),
  ...recorded(POLLING, ORDER, "program 121"),
  ...recorded(POLL_2, ORDER, "program 207", "program 267"),
  ...recorded(POLLING, UNSEEN, "unix stream ET: edges", "unix datagrams ET"),
  ...recorded(POLL_2, UNSEEN, "program 64"),
  ...recorded(POLLING, UNSEEN, "program 105", "program 202"),
  ...recorded(POLLING, ROOM, "program 111"),
  ...recorded(POLL_2, ROOM, "program 165", "program 196", "program 197"),
  ...recorded(POLLING, ROOM, "program 199", "program 284"),
  ...recorded(POLL_2, ROOM, "program 311"),
  ...recorded(POLLING, DATAGRAMS, "udp ET"),
  ...skips(
    BSD,
    "epoll/epoll",
    "reading or writing a kqueue fails with another error than EINVAL",
    "EPO-024: ",
  ),
  ...skips(BSD, "epoll/control", DUPLICATES, "EPO-163: ", "EPO-166: ", "EPO-168: "),
  ...skips(BSD, "epoll/control", SHARED, "EPO-169: "),
  ...skips(BSD, "epoll/edge", OTHER_EDGES, "EPO-121: "),
  ...skips(
    BSD,
    "epoll/events",
    "no filter fires for a socket that was never connected",
    "EPO-082: ",
  ),
  ...skips(BSD, "epoll/oneshot", SHARED, "EPO-143: ", "EPO-145: "),
  ...skips(BSD, "kqueue/user", ALL_THREADS, "KQ-214: ", "another thread may", "a thread that"),
  ...recorded(BSD, DUPLICATES, "epoll: two registrations of one file, the newest first"),
  ...recorded(BSD, DUPLICATES, "epoll: a duplicate keeps the entry of a closed number"),
  ...recorded(BSD, DUPLICATES, "epoll: a number reused while the old file lives", "program 36"),
  ...recorded(BSD, SHARED, "epoll: a duplicate of the epoll itself"),
  ...recorded(BSD, LIST_ORDER, "epoll: order of becoming ready, and fairness", "program 25"),
  ...recorded(BSD, LIST_ORDER, "program 38", "program 96", "program 165", "program 206"),
  ...recorded(BSD, LIST_ORDER, "program 278", "program 291", "program 305"),
  ...recorded(BSD, OTHER_EDGES, "eventfd ET: a semaphore that keeps tokens"),
  ...recorded(BSD, OTHER_EDGES, "epoll in epoll: edges outside", "program 11", "program 22"),
  ...recorded(
    BSD,
    OTHER_EDGES,
    "program 51",
    "program 64",
    "program 72",
    "program 135",
    "program 173",
  ),
  ...recorded(BSD, OTHER_EDGES, "program 78", "program 187"),
  ...recorded(POLL_2, "Linux wakes a waiter of an epoll for IN and not for RDNORM", "program 72"),
  ...FALLBACK_SKIPS,
  ...WASI_SKIPS,
];

/** The calls of omnipoll/os that Node has nothing for, as their errors name them. */
const WITHOUT_CALL =
  /ENOSYS: Function not implemented \((dup|eventfd|fcntl|mkfifo|kill|pidfd_open|socket|socketpair|bind|connect|listen|accept|getsockname|getpeername|shutdown|send|recv|getsockopt|setsockopt|aio_read|aio_write)\b/;

/** Errors of a host that refuses a call of a test: such a test counts as skipped. */
const REFUSALS: ReadonlyArray<{
  readonly host: OtherHost;
  readonly message: RegExp;
  readonly reason: string;
}> = [
  {
    host: "page",
    message: /^a page's own thread cannot wait for another one$/,
    reason: "a page's own thread cannot wait for another one",
  },
  { host: "wasi", message: WITHOUT_CALL, reason: "Node has no such call of omnipoll/os" },
];

/** Why a test fails on a host, perhaps with `message`; undefined if it must pass. */
export function skipReason(
  host: string,
  file: string,
  name: string,
  message = "",
): string | undefined {
  const skip = SKIPS.find(
    (one) => one.host === host && one.file === file && name.startsWith(one.test),
  );
  if (skip !== undefined) return skip.reason;
  return REFUSALS.find((one) => one.host === host && one.message.test(message))?.reason;
}
