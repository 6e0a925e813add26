// Calls every function of the addon with random arguments: node dist/test/fuzz/addon.js SEED CALLS.
// stress.test.ts runs it in a process of its own, because a fault of the addon is a crash.
//
// Descriptors below FIRST belong to this process and are never an argument; the calls open descriptors above.
// No call blocks: descriptors become non-blocking first, and waits have timeouts near 0.

import { tmpdir } from "node:os";
import { join } from "node:path";
import { CALL_ARGUMENTS, CALL_RESULT, CALL_TIMEOUT } from "../../asm/abi.ts";
import { loadAddon } from "../../host/native/addon.ts";
import { randomOf } from "../support/hosts.ts";
import { mkdtempSync, rmSync } from "../support/files.ts";

const FIRST = 500;
const LAST = 700;
/** Most open descriptors of the fuzzer are below this number. */
const USUAL_LAST = FIRST + 24;
const AF_UNIX = 1;

const random = randomOf(Number(process.argv[2]));
const calls = Number(process.argv[3]);
const addon = loadAddon() as unknown as Record<string, (...given: unknown[]) => unknown>;
const call = (name: string, ...given: unknown[]): unknown => addon[name]?.(...given);
const folder = mkdtempSync(join(tmpdir(), "omnipoll-fuzz-"));
// A Unix socket may get a name like "::1", which is a path in the current folder.
process.chdir(folder);
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

function pick<Item>(items: readonly Item[]): Item {
  return items[random(items.length)] as Item;
}

const ODD: unknown[] = [
  undefined,
  null,
  "",
  "5",
  {},
  [],
  NaN,
  -Infinity,
  Infinity,
  1n,
  true,
  () => 0,
  Symbol("s"),
];
const EDGES = [
  0,
  1,
  4,
  8,
  65535,
  65536,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 53,
  1e300,
];

function detached(): Uint8Array {
  const view = new Uint8Array(64);
  structuredClone(view.buffer, { transfer: [view.buffer] });
  return view;
}

const numberOf = (): unknown => {
  if (random(8) === 0) return pick(ODD);
  if (random(3) === 0) return pick([0, 0, 1, 2, 3, 0x800, 0x80000]);
  const value = random(2) === 0 ? random(64) : pick(EDGES) + random(3) - 1;
  return random(6) === 0 ? -value : random(12) === 0 ? value + 0.5 : value;
};

/** A descriptor of the fuzzer, or a value that cannot be a descriptor. */
const descriptor = (): unknown => {
  if (random(8) === 0) return pick(ODD);
  if (random(8) === 0) return pick([-1, -500, 2 ** 31 - 1, 2 ** 31, 2 ** 32 + FIRST, 1e300, 600.5]);
  return FIRST + random(random(8) === 0 ? LAST - FIRST : USUAL_LAST - FIRST);
};

const bytes = (): unknown => {
  const size = pick([0, 1, 3, 4, 8, 16, 63, 64, 110, 4096]);
  const buffer = new ArrayBuffer(size + 8);
  const kinds = [
    () => new Uint8Array(size).fill(random(256)),
    () => new Uint8Array(buffer, pick([0, 1, 8]), size),
    () => Buffer.alloc(size, 0xff),
    () => new Int32Array(pick([0, 1, 2, 3, 8])),
    () => new Uint8Array(new SharedArrayBuffer(size)),
    detached,
    () => detached().buffer,
    () => new DataView(buffer),
    () => new Float64Array(4),
    () => buffer,
    () => pick(ODD),
  ];
  return pick(kinds)();
};

const memory = (): unknown =>
  random(5) === 0 ? bytes() : new ArrayBuffer(pick([0, 8, 64, 65536]));
const integers = (): unknown =>
  random(4) === 0 ? bytes() : new Int32Array(pick([0, 1, 2, 3, 3, 3]));
/** Addresses that need no name server, and paths in the folder or without one. */
const address = (): unknown => {
  const texts = ["127.0.0.1", "::1", "", "\0fuzz", "\0", join(folder, String(random(20)))];
  return random(4) === 0
    ? pick([new Uint8Array(300), pick(ODD), new ArrayBuffer(8), new Uint8Array(0)])
    : text(pick(texts));
};
const path = (): unknown =>
  random(4) === 0
    ? pick([...ODD, new Uint8Array(5000), new Uint8Array(0)])
    : text(join(folder, String(random(20))));
const family = (): unknown => (random(3) === 0 ? numberOf() : pick([AF_UNIX, 2, 10]));
const socketType = (): unknown => (random(3) === 0 ? numberOf() : pick([1, 2, 5]));
const any = (): unknown => pick([numberOf, descriptor, bytes, memory])();

type Make = () => unknown;
/** The arguments of each function. An unlisted function gets anything but a descriptor below FIRST. */
const ARGUMENTS: Record<string, Make[]> = {
  now: [any],
  close: [descriptor],
  poll: [memory],
  epoll_create1: [numberOf],
  epoll_ctl: [],
  epoll_wait: [memory],
  pipe2: [integers, numberOf],
  read: [descriptor, bytes, numberOf],
  write: [descriptor, bytes],
  dup: [descriptor],
  get_blocking: [descriptor],
  set_blocking: [descriptor, () => 0],
  get_inheritable: [descriptor],
  set_inheritable: [descriptor, numberOf],
  mkfifo: [path, numberOf],
  eventfd: [numberOf, numberOf],
  pidfd_open: [numberOf, numberOf],
  socketpair: [integers, family, socketType, numberOf],
  socket: [family, socketType, numberOf],
  bind: [descriptor, family, address, numberOf],
  connect: [descriptor, family, address, numberOf],
  listen: [descriptor, numberOf],
  accept: [descriptor, bytes, integers],
  getsockname: [descriptor, bytes, integers],
  getpeername: [descriptor, bytes, integers],
  shutdown: [descriptor, numberOf],
  send: [descriptor, bytes, numberOf],
  recv: [descriptor, bytes, numberOf, numberOf],
  getsockopt: [descriptor, numberOf, numberOf, integers],
  setsockopt: [descriptor, numberOf, numberOf, bytes],
  realtime: [any],
  dup3: [descriptor, descriptor],
  source_read: [memory, descriptor, numberOf, numberOf],
  source_write: [memory, descriptor, numberOf, numberOf],
  fd_stat: [memory, descriptor, numberOf],
  fd_data: [memory],
  timerfd_create: [any],
  timerfd_settime: [descriptor, numberOf],
  proc_status: [descriptor, numberOf],
  proc_listen: [any],
  link_listen: [any],
  link_flags: [numberOf],
  netlink_read: [memory, descriptor, numberOf, numberOf],
  signal_open: [() => pick([-1, 0, 10, 12, 64, 65, NaN])],
  signal_close: [descriptor],
  signal_rechain: [any],
  watch: [memory, numberOf, numberOf, numberOf, () => (random(4) === 0 ? pick(ODD) : () => {})],
  unwatch: [numberOf],
  has_epoll_pwait2: [],
  inotify_init: [any],
  inotify_add_watch: [descriptor, descriptor, numberOf, numberOf],
  inotify_rm_watch: [descriptor, numberOf],
  post_open: [descriptor],
  post_close: [descriptor],
  post: [memory, descriptor, numberOf],
  post_take: [memory, descriptor, numberOf, numberOf],
  aio_read: [descriptor, bytes, numberOf, descriptor, numberOf],
  aio_write: [descriptor, bytes, numberOf, descriptor, numberOf],
};
/** The values left in the call block for functions that take their arguments there. */
const IN_BLOCK: Record<string, Make[]> = {
  poll: [numberOf, numberOf],
  epoll_ctl: [descriptor, numberOf, descriptor, numberOf],
  epoll_wait: [descriptor, numberOf, numberOf],
  // Few records: a record of an eventfd reads /proc, and more of them would take most of the time.
  fd_data: [numberOf, () => pick([-1, 0, 1, 2, 100, 0x7fffffff, NaN])],
};
const words = new Int32Array(addon["call"] as unknown as ArrayBuffer);
const times = new Float64Array(addon["call"] as unknown as ArrayBuffer);

/** Fills the call block; a descriptor keeps its value modulo 2^32, or becomes -1. */
function fillBlock(makes: readonly Make[]): void {
  for (const [i, make] of makes.entries()) {
    const value = make();
    words[CALL_ARGUMENTS / 4 + i] = typeof value === "number" ? value : -1;
  }
  times[CALL_TIMEOUT / 8] = pick([0, 0.001, 0.01, NaN]);
}

/** The function that acts on other processes, and the property that is not a function. */
const EXCLUDED = new Set(["kill", "call"]);
const names = Object.keys(addon).filter((name) => !EXCLUDED.has(name));
const unlisted = names.filter((name) => ARGUMENTS[name] === undefined);
if (unlisted.length > 0)
  throw new Error(`test/fuzz/addon.ts has no arguments for ${unlisted.join(", ")}`);

/** Ends every watch: its descriptors must not be closed before, and it would keep the process alive. */
function endWatches(): void {
  for (let number = 0; number < LAST; number++) call("unwatch", number);
}

/** Closes every descriptor from FIRST on, and opens descriptors of each kind there. */
function renew(): void {
  endWatches();
  for (let fd = FIRST; fd < LAST; fd++) call("close", fd);
  const pair = new Int32Array(2);
  for (const kind of [1, 2, 5]) call("socketpair", pair, AF_UNIX, kind, 0);
  for (let i = 0; i < 3; i++) call("pipe2", pair, 0);
  for (let i = 0; i < 3; i++) {
    call("epoll_create1", 0);
    call("eventfd", i, 0);
    call("socket", 2, 1 + (i % 2), 0);
    call("socket", AF_UNIX, 1, 0);
  }
}

// Opens every number below FIRST, so that later descriptors are above.
let filled = 0;
while (filled >= 0 && filled < FIRST - 1) filled = call("eventfd", 0, 0) as number;
if (filled < 0) throw new Error(`eventfd: ${filled}`);

const COUNTERS = Array.from({ length: 50 }, (_, i) => FIRST + i);
const outcomes = new Map<string, number>();
for (let i = 0; i < calls; i++) {
  if (i % 300 === 0) renew();
  const name = pick(names);
  const given = (ARGUMENTS[name] as Make[]).map((make) => make());
  if (random(20) === 0) given.length = random(given.length + 1);
  // The counter of a mailbox may have been closed, and its number be that of a pipe now.
  const used = name === "post_take" ? COUNTERS : given.slice(0, 2);
  for (const fd of used) {
    if (typeof fd === "number" && fd >= FIRST && fd < LAST) call("set_blocking", fd, 0);
  }
  const inBlock = IN_BLOCK[name];
  if (inBlock !== undefined) fillBlock(inBlock);
  const returned = call(name, ...given);
  const result = inBlock === undefined ? returned : words[CALL_RESULT / 4];
  if (typeof result !== "number" || Number.isNaN(result) || result < -3000) {
    throw new Error(`${name} returned ${String(result)}`);
  }
  const outcome = `${name} ${result < 0 ? "fails" : "works"}`;
  outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
}
endWatches();
rmSync(folder, { recursive: true, force: true });
process.stdout.write(JSON.stringify({ calls, names, outcomes: Object.fromEntries(outcomes) }));
