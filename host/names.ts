// Bits and filters by name, as `inspect()`, traces and the simulator's views show them. The names are
// those of the public constants without their prefix: "IN" of EPOLLIN and POLLIN, "CLEAR" of
// KQ_EV_CLEAR, "EXIT" of KQ_NOTE_EXIT.

import {
  ACCESS_NAMED,
  ACCESS_READ,
  ACCESS_WRITE,
  CAPABILITY_EPOLL,
  CAPABILITY_KQUEUE,
  CAPABILITY_SOURCES,
  DATA_BACKLOG,
  DATA_COUNTER,
  DATA_FILE,
  DATA_OPEN,
  DATA_PIPE_ROOM,
  DATA_READABLE,
  DATA_SENDABLE,
  DATA_WITH_STATE,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_CTL_MOD,
  EV_ADD,
  EV_CLEAR,
  EV_DELETE,
  EV_DISABLE,
  EV_DISPATCH,
  EV_ENABLE,
  EV_EOF,
  EV_ERROR,
  EV_FORCEONESHOT,
  EV_KEEPUDATA,
  EV_ONESHOT,
  EV_RECEIPT,
  EVENT_ERR,
  EVENT_ET,
  EVENT_EXCLUSIVE,
  EVENT_HUP,
  EVENT_IN,
  EVENT_MSG,
  EVENT_NVAL,
  EVENT_ONESHOT,
  EVENT_OUT,
  EVENT_PRI,
  EVENT_RDBAND,
  EVENT_RDHUP,
  EVENT_RDNORM,
  EVENT_WAKEUP,
  EVENT_WRBAND,
  EVENT_WRNORM,
  FD_DATAGRAM,
  FD_DEVICE,
  FD_DIRECTORY,
  FD_EPOLL,
  FD_EVENTFD,
  FD_FILE,
  FD_LISTENER,
  FD_OTHER,
  FD_PIPE,
  FD_STREAM,
  FD_TERMINAL,
  FILTER_AIO,
  FILTER_NETDEV,
  FILTER_PROC,
  FILTER_READ,
  FILTER_SIGNAL,
  FILTER_TIMER,
  FILTER_USER,
  FILTER_VNODE,
  FILTER_WRITE,
  NOTE_ABSTIME,
  NOTE_ATTRIB,
  NOTE_CHILD,
  NOTE_CLOSE,
  NOTE_CLOSE_WRITE,
  NOTE_DELETE,
  NOTE_EXEC,
  NOTE_EXIT,
  NOTE_EXTEND,
  NOTE_FFAND,
  NOTE_FFCOPY,
  NOTE_FFCTRLMASK,
  NOTE_FFOR,
  NOTE_FILE_POLL,
  NOTE_FORK,
  NOTE_LINK,
  NOTE_LINKDOWN,
  NOTE_LINKINV,
  NOTE_LINKUP,
  NOTE_LOWAT,
  NOTE_MSECONDS,
  NOTE_NSECONDS,
  NOTE_OPEN,
  NOTE_READ,
  NOTE_RENAME,
  NOTE_REVOKE,
  NOTE_SECONDS,
  NOTE_TRACK,
  NOTE_TRACKERR,
  NOTE_TRIGGER,
  NOTE_USECONDS,
  NOTE_WRITE,
  POLL_REMOVE,
} from "../asm/abi.ts";

type Bits = readonly (readonly [bit: number, name: string])[];

const EVENTS: Bits = [
  [EVENT_IN, "IN"],
  [EVENT_PRI, "PRI"],
  [EVENT_OUT, "OUT"],
  [EVENT_ERR, "ERR"],
  [EVENT_HUP, "HUP"],
  [EVENT_NVAL, "NVAL"],
  [EVENT_RDNORM, "RDNORM"],
  [EVENT_RDBAND, "RDBAND"],
  [EVENT_WRNORM, "WRNORM"],
  [EVENT_WRBAND, "WRBAND"],
  [EVENT_MSG, "MSG"],
  [POLL_REMOVE, "REMOVE"],
  [EVENT_RDHUP, "RDHUP"],
  [EVENT_EXCLUSIVE, "EXCLUSIVE"],
  [EVENT_WAKEUP, "WAKEUP"],
  [EVENT_ONESHOT, "ONESHOT"],
  [EVENT_ET, "ET"],
];

const FLAGS: Bits = [
  [EV_ADD, "ADD"],
  [EV_DELETE, "DELETE"],
  [EV_ENABLE, "ENABLE"],
  [EV_DISABLE, "DISABLE"],
  [EV_ONESHOT, "ONESHOT"],
  [EV_CLEAR, "CLEAR"],
  [EV_RECEIPT, "RECEIPT"],
  [EV_DISPATCH, "DISPATCH"],
  [EV_FORCEONESHOT, "FORCEONESHOT"],
  [EV_KEEPUDATA, "KEEPUDATA"],
  [EV_ERROR, "ERROR"],
  [EV_EOF, "EOF"],
];

const DESCRIPTOR_NOTES: Bits = [
  [NOTE_LOWAT, "LOWAT"],
  [NOTE_FILE_POLL, "FILE_POLL"],
];

const NOTES = new Map<number, Bits>([
  [FILTER_READ, DESCRIPTOR_NOTES],
  [FILTER_WRITE, DESCRIPTOR_NOTES],
  [
    FILTER_VNODE,
    [
      [NOTE_DELETE, "DELETE"],
      [NOTE_WRITE, "WRITE"],
      [NOTE_EXTEND, "EXTEND"],
      [NOTE_ATTRIB, "ATTRIB"],
      [NOTE_LINK, "LINK"],
      [NOTE_RENAME, "RENAME"],
      [NOTE_REVOKE, "REVOKE"],
      [NOTE_OPEN, "OPEN"],
      [NOTE_CLOSE, "CLOSE"],
      [NOTE_CLOSE_WRITE, "CLOSE_WRITE"],
      [NOTE_READ, "READ"],
    ],
  ],
  [
    FILTER_PROC,
    [
      [NOTE_EXIT, "EXIT"],
      [NOTE_FORK, "FORK"],
      [NOTE_EXEC, "EXEC"],
      [NOTE_TRACK, "TRACK"],
      [NOTE_TRACKERR, "TRACKERR"],
      [NOTE_CHILD, "CHILD"],
    ],
  ],
  [
    FILTER_TIMER,
    [
      [NOTE_SECONDS, "SECONDS"],
      [NOTE_MSECONDS, "MSECONDS"],
      [NOTE_USECONDS, "USECONDS"],
      [NOTE_NSECONDS, "NSECONDS"],
      [NOTE_ABSTIME, "ABSTIME"],
    ],
  ],
  [
    FILTER_NETDEV,
    [
      [NOTE_LINKUP, "LINKUP"],
      [NOTE_LINKDOWN, "LINKDOWN"],
      [NOTE_LINKINV, "LINKINV"],
    ],
  ],
  [FILTER_USER, [[NOTE_TRIGGER, "TRIGGER"]]],
]);

/** The operation of a USER change is a number of two bits, not two flags. */
const USER_OPERATIONS = new Map<number, string>([
  [NOTE_FFAND, "FFAND"],
  [NOTE_FFOR, "FFOR"],
  [NOTE_FFCOPY, "FFCOPY"],
]);

/** EVFILT_EMPTY of FreeBSD, which a program of `select` can name by its number only. */
export const FILTER_EMPTY = -13;

const FILTERS = new Map<number, string>([
  [FILTER_READ, "READ"],
  [FILTER_WRITE, "WRITE"],
  [FILTER_AIO, "AIO"],
  [FILTER_VNODE, "VNODE"],
  [FILTER_PROC, "PROC"],
  [FILTER_SIGNAL, "SIGNAL"],
  [FILTER_TIMER, "TIMER"],
  [FILTER_NETDEV, "NETDEV"],
  [FILTER_USER, "USER"],
  [FILTER_EMPTY, "EMPTY"],
]);

const INOTIFY: Bits = [
  [0x1, "ACCESS"],
  [0x2, "MODIFY"],
  [0x4, "ATTRIB"],
  [0x8, "CLOSE_WRITE"],
  [0x10, "CLOSE_NOWRITE"],
  [0x20, "OPEN"],
  [0x40, "MOVED_FROM"],
  [0x80, "MOVED_TO"],
  [0x100, "CREATE"],
  [0x200, "DELETE"],
  [0x400, "DELETE_SELF"],
  [0x800, "MOVE_SELF"],
  [0x1000000, "ONLYDIR"],
  [0x4000000, "EXCL_UNLINK"],
  [0x10000000, "MASK_CREATE"],
  [0x20000000, "MASK_ADD"],
  [0x80000000, "ONESHOT"],
];

const INTERFACES: Bits = [
  [0x1, "UP"],
  [0x2, "BROADCAST"],
  [0x8, "LOOPBACK"],
  [0x10, "POINTOPOINT"],
  [0x40, "RUNNING"],
  [0x80, "NOARP"],
  [0x100, "PROMISC"],
  [0x1000, "MULTICAST"],
  [0x10000, "LOWER_UP"],
];

const CAPABILITIES: Bits = [
  [CAPABILITY_EPOLL, "EPOLL"],
  [CAPABILITY_SOURCES, "SOURCES"],
  [CAPABILITY_KQUEUE, "KQUEUE"],
];

const ACCESS: Bits = [
  [ACCESS_READ, "READ"],
  [ACCESS_WRITE, "WRITE"],
  [ACCESS_NAMED, "NAMED"],
];

/** Kinds of descriptors (FD_*), by number. */
const KINDS = new Map<number, string>([
  [FD_FILE, "FILE"],
  [FD_DIRECTORY, "DIRECTORY"],
  [FD_DEVICE, "DEVICE"],
  [FD_TERMINAL, "TERMINAL"],
  [FD_PIPE, "PIPE"],
  [FD_STREAM, "STREAM"],
  [FD_LISTENER, "LISTENER"],
  [FD_DATAGRAM, "DATAGRAM"],
  [FD_EVENTFD, "EVENTFD"],
  [FD_EPOLL, "EPOLL"],
  [FD_OTHER, "OTHER"],
]);

/** Questions of a data record (DATA_*), by number. */
const QUESTIONS = new Map<number, string>([
  [DATA_OPEN, "OPEN"],
  [DATA_READABLE, "READABLE"],
  [DATA_SENDABLE, "SENDABLE"],
  [DATA_PIPE_ROOM, "PIPE_ROOM"],
  [DATA_BACKLOG, "BACKLOG"],
  [DATA_FILE, "FILE"],
  [DATA_COUNTER, "COUNTER"],
]);

const OPERATIONS = new Map<number, string>([
  [EPOLL_CTL_ADD, "ADD"],
  [EPOLL_CTL_DEL, "DEL"],
  [EPOLL_CTL_MOD, "MOD"],
]);

/**
 * Names of the bits of `value`; the bits without a name follow as one number, "0x30", so that no bit is
 * hidden.
 */
function namesIn(bits: Bits, value: number): string[] {
  const names: string[] = [];
  let rest = value >>> 0;
  for (const [bit, name] of bits) {
    if ((rest & bit) === 0) continue;
    names.push(name);
    rest = (rest & ~bit) >>> 0;
  }
  if (rest !== 0) names.push(`0x${rest.toString(16)}`);
  return names;
}

/** Names of an event mask of poll or epoll: ["IN", "ET"] of EPOLLIN | EPOLLET. */
export function eventNames(mask: number): string[] {
  return namesIn(EVENTS, mask);
}

/** Names of the flags of a kevent: ["ADD", "CLEAR"] of KQ_EV_ADD | KQ_EV_CLEAR. */
export function flagNames(flags: number): string[] {
  return namesIn(FLAGS, flags);
}

/**
 * Names of the fflags of a kevent, whose meaning depends on the filter: ["EXIT"] of KQ_NOTE_EXIT with
 * FILTER_PROC.
 */
export function noteNames(filter: number, fflags: number): string[] {
  if (filter !== FILTER_USER) return namesIn(NOTES.get(filter) ?? [], fflags);
  const operation = USER_OPERATIONS.get((fflags & NOTE_FFCTRLMASK) >>> 0);
  const names = namesIn(NOTES.get(filter) ?? [], fflags & ~NOTE_FFCTRLMASK);
  return operation === undefined ? names : [operation, ...names];
}

/** Name of a filter: "READ" of KQ_FILTER_READ; its number in digits if no filter has that number. */
export function filterName(filter: number): string {
  return FILTERS.get(filter) ?? String(filter);
}

/** Names of a mask of inotify_add_watch(2): ["MODIFY"] of IN_MODIFY. */
export function inotifyNames(mask: number): string[] {
  return namesIn(INOTIFY, mask);
}

/** Names of the flags of a network interface: ["UP"] of IFF_UP. */
export function interfaceNames(flags: number): string[] {
  return namesIn(INTERFACES, flags);
}

/** Names of CAPABILITY_* bits. */
export function capabilityNames(capabilities: number): string[] {
  return namesIn(CAPABILITIES, capabilities);
}

/** Names of the ACCESS_* bits of a stat record. */
export function accessNames(access: number): string[] {
  return namesIn(ACCESS, access);
}

/** Name of the kind of a descriptor: "PIPE" of FD_PIPE. */
export function kindName(kind: number): string {
  return KINDS.get(kind) ?? String(kind);
}

/** Name of the question of a data record: "READABLE" of DATA_READABLE, with or without DATA_WITH_STATE. */
export function questionName(what: number): string {
  const question = what & ~DATA_WITH_STATE;
  return QUESTIONS.get(question) ?? String(question);
}

/** Name of an operation of epoll_ctl: "ADD" of EPOLL_CTL_ADD. */
export function operationName(operation: number): string {
  return OPERATIONS.get(operation) ?? String(operation);
}
