// What a host cannot run, and why: whole files that are not about it, and single tests. A single
// test that is listed here runs nevertheless, and must fail: one that passes has to go from here.

/** Hosts besides this machine's own that the suite runs on. */
export const OTHER_HOSTS = ["sim:linux"] as const;

const ADDON = "about the C addon";
const COMMAND = "about programs that are started, which know nothing of a simulation";
const SAME = "the same on every host: no call is made";
const CHILDREN = "real processes; sim-processes and sim-kqueue-proc have these rows";
const SIGNALS = "real signals; sim-signals and sim-kqueue have these rows";
const SIMULATION = "makes simulations of its own, whatever the host is";
const SYSTEM = "real interfaces; sim-interfaces has these rows";

/** Files that are left out on every simulated host. */
export const FILES: Record<string, string> = {
  abi: SAME,
  addresses: ADDON,
  build: "about building the package",
  cli: COMMAND,
  "cli-kqueue": COMMAND,
  constants: SAME,
  cross: COMMAND,
  data: ADDON,
  demo: COMMAND,
  echo: COMMAND,
  "epoll-waiting": "real signals, and threads that a simulation would have to schedule",
  errors: SAME,
  fuzz: SIMULATION,
  kevent: SAME,
  "kqueue-netdev": SYSTEM,
  "kqueue-proc": CHILDREN,
  "kqueue-programs": "real children and the clock of Node's timers",
  "kqueue-reuse": "threads that never wait, which a simulation cannot let time pass for",
  "kqueue-signal": SIGNALS,
  "kqueue-strace": COMMAND,
  "kqueue-track": CHILDREN,
  "kqueue-user": "threads that never wait, which a simulation cannot let time pass for",
  "netlink-source": SYSTEM,
  "process-source": CHILDREN,
  prompt: COMMAND,
  "recorded-arguments": SAME,
  registry: SAME,
  rows: SAME,
  "signal-default": SIGNALS,
  "signal-source": SIGNALS,
  sources: ADDON,
  strace: COMMAND,
  stress: ADDON,
  threads: ADDON,
  waist: ADDON,
  waitable: "Node's own objects, which have real descriptors",
};

/** Whether a file is left out because it brings its own simulation. */
export function reasonFor(file: string): string | undefined {
  return file.startsWith("sim") ? SIMULATION : FILES[file];
}

/** A test that a host cannot pass. */
export interface Skip {
  readonly host: (typeof OTHER_HOSTS)[number];
  readonly file: string;
  /** How its name begins. */
  readonly test: string;
  readonly reason: string;
}

const STARTED = "a program is started, which has no descriptors of a simulation";
const COLLECTED = "counts descriptors of this machine";

function skips(file: string, reason: string, ...tests: readonly string[]): Skip[] {
  return OTHER_HOSTS.flatMap((host) => tests.map((test) => ({ host, file, test, reason })));
}

export const SKIPS: readonly Skip[] = [
  ...skips("devpoll", STARTED, "DEV-21: a program that is started"),
  ...skips("devpoll", COLLECTED, "what is garbage is closed"),
  ...skips("epoll-edge", "fs.watch is Node's own inotify", "EPO-124: "),
  ...skips("epoll-events", CHILDREN, "EPO-100: ", "EPO-125: "),
  ...skips("epoll-events", "a terminal of script(1); sim.files.openpty has them", "EPO-101: "),
  ...skips("handles", "hosts of this machine", "cores in one thread share nothing"),
  ...skips("kqueue-close", "hosts of this machine", "the module of another core"),
  ...skips("kqueue-close", COLLECTED, "what is garbage is closed", "1 000 queues"),
  ...skips("kqueue-files", STARTED, "KQ-117: a file that grows fires", "KQ-117: seeking back"),
  ...skips("kqueue-nesting", CHILDREN, "KQ-217: the end of a process"),
  ...skips("kqueue-nesting", SIGNALS, "KQ-217: a signal makes"),
  ...skips("kqueue-nesting", CHILDREN, "KQ-219: "),
  ...skips("kqueue-read", "a terminal of script(1); sim.files.openpty has them", "a terminal: "),
  ...skips("kqueue-vnode", "chown(2), which a simulation without users lacks", "KQ-144: "),
  ...skips("kqueue-vnode", STARTED, "KQ-157: what is no file", "another process wakes a waiter"),
  ...skips("kqueue", COLLECTED, "KQ-025: "),
  ...skips("os-module", ADDON, "memory that is too short", "a read stays inside its view"),
  ...skips("os-sockets", "names are looked up by no resolver", "a name that is not known"),
  ...skips("os-sockets", "there are no netlink sockets to make", "a family without addresses"),
  ...skips(
    "os-sockets",
    "the only interface with addresses is loopback",
    "the scope of",
    "a scope",
  ),
  ...skips("os", STARTED, "everything made is close-on-exec", "nothing made reaches"),
  ...skips("os", "flags as /proc shows them", "set_blocking changes one flag"),
  ...skips("os", CHILDREN, "kill with signal 0", "kill sends", "pidfd_open gives"),
  ...skips("poll", "the limit of this process", "POL-53: "),
  ...skips("select", STARTED, "SEL-17: "),
];
