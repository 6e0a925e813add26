// Epolls that no kernel keeps: their registrations (Linux's struct epitem), and the ready list of
// each (rdllist of struct eventpoll). One hash table serves all epolls of the core. A registration
// without an epoll is a name: it leads from a descriptor to the epoll that has it.

import { ENOMEM } from "../abi";
import { append, List, remove } from "../list";
import { allocate, release } from "../memory";
import { dequeue, enqueue, ReadyList } from "../ready-list";
import { chainOf, insertMember, prepareTable, removeMember, Table } from "../table";
import { createEdgeTimer, destroyEdgeTimer, EdgeTimer } from "./edge-timer";

/** EPOLLONESHOT, and reported: not reported again before it is modified. */
export const STATUS_DISABLED: u8 = 0x1;
/** Over kqueue: the kernel refused both knotes. */
export const STATUS_BARE: u8 = 0x2;

/** 64 bytes, one line of the processor's cache: a scan of many takes as long as fetching them. */
@unmanaged
export class Registration {
  /** Null of a name. */
  epoll: EmulatedEpoll | null;
  fd: i32;
  /** The mask of epoll_ctl, with its flags. */
  interest: u32;
  /** On the ready list: the mask that is reported. */
  ready: u32;
  /** Over poll(2), edge-triggered: the bits that were reported and have held ever since. */
  reported: u32;
  /** STATUS_*. */
  status: u8;
  /** FD_*. */
  kind: u8;

  /** Over poll(2), edge-triggered: how much the last scan found to read, or -1. */
  readable: i64;
  /** Which file is open; 0 if the host does not number files. */
  file: u64;

  /** The epoll that has the descriptor. */
  inner: EmulatedEpoll | null;
  /** Next in the same chain of the table. */
  chain: Registration | null;
  /** Neighbours in the order of registration. */
  before: Registration | null;
  after: Registration | null;
  /** Neighbours on the ready list. */
  readyBefore: Registration | null;
  readyAfter: Registration | null;

  /** Over kqueue: the kernel's reports, KNOTE_* of over-kqueue.ts. */
  get knotes(): u32 {
    return this.reported;
  }
  set knotes(knotes: u32) {
    this.reported = knotes;
  }

  /** Of an epoll within: its `arrivals` at the last scan. */
  get innerArrivals(): i32 {
    return this.readable as i32;
  }
  set innerArrivals(arrivals: i32) {
    this.readable = arrivals;
  }
}

if (offsetof<Registration>() !== 64) ERROR("Registration: not 64 bytes");

@unmanaged
export class EmulatedEpoll {
  /** Its own descriptor: an eventfd over poll(2), a queue over kqueue. */
  fd: i32;
  /** Registrations in the order of registration (a List). */
  first: Registration | null;
  last: Registration | null;
  /** The ready list (a ReadyList). */
  firstReady: Registration | null;
  lastReady: Registration | null;
  readyCount: i32;
  isAwake: bool;
  /** How often a registration entered the ready list. */
  arrivals: i32;
  /** Over poll(2): number of the last scan that took in its registrations. */
  scan: i32;
  /** Over poll(2): when edge-triggered registrations are reported once more. */
  edgeTimer: EdgeTimer;
  /** Over kqueue: some registrations wait for urgent data, which only poll(2) reports. */
  isUrgent: bool;
  /** When a timer of the queue that is built on it expires, in the host's time; 0: never. */
  deadline: f64;
  /** Neighbours in the list of all epolls. */
  before: EmulatedEpoll | null;
  after: EmulatedEpoll | null;
}

if (offsetof<EmulatedEpoll>("last") !== offsetof<EmulatedEpoll>("first") + offsetof<List>("last")) {
  ERROR("EmulatedEpoll: its registrations are no List");
}
if (
  offsetof<EmulatedEpoll>("isAwake") !==
  offsetof<EmulatedEpoll>("firstReady") + offsetof<ReadyList>("isAwake")
) {
  ERROR("EmulatedEpoll: its ready list is no ReadyList");
}

/** List of all emulated epolls of this core. */
const epolls: usize = memory.data(8, 4);
/** Table of all registrations and names. */
const registrations: usize = memory.data(12, 4);

/** How often a registration or an epoll was made, changed or forgotten. */
let changes = 0;

/** A number that differs if a registration was made, changed or forgotten in between. */
export function changeCount(): i32 {
  return changes;
}

/** The interest of a registration changes. */
export function noteChange(): void {
  changes++;
}

/** The first emulated epoll of this core. */
export function firstEpoll(): EmulatedEpoll | null {
  return changetype<EmulatedEpoll | null>(changetype<List>(epolls).first);
}

/** Number of the registrations of all emulated epolls, and of their names. */
export function registrationCount(): i32 {
  return changetype<Table>(registrations).count;
}

// The table.

function hashOfKey(epoll: EmulatedEpoll | null, fd: i32): u32 {
  return ((fd as u32) * 0x9e3779b1) ^ ((changetype<usize>(epoll) as u32) * 0x85ebca6b);
}

function hashOf(member: usize): u32 {
  const registration = changetype<Registration>(member);
  return hashOfKey(registration.epoll, registration.fd);
}

/** The registration of a descriptor. */
export function findRegistration(epoll: EmulatedEpoll | null, fd: i32): Registration | null {
  const table = changetype<Table>(registrations);
  if (table.count === 0) return null;
  let found = changetype<Registration | null>(chainOf(table, hashOfKey(epoll, fd)));
  while (found !== null && (found.fd !== fd || found.epoll !== epoll)) found = found.chain;
  return found;
}

/** The emulated epoll whose own descriptor is `fd`. */
export function epollOf(fd: i32): EmulatedEpoll | null {
  if (changetype<List>(epolls).first === 0) return null;
  const name = findRegistration(null, fd);
  return name === null ? null : name.inner;
}

/** Enters a registration, all fields 0; null if there is no memory. */
function create(epoll: EmulatedEpoll | null, fd: i32): Registration | null {
  const table = changetype<Table>(registrations);
  if (!prepareTable(table)) return null;
  const at = allocate(offsetof<Registration>());
  if (at === 0) return null;
  memory.fill(at, 0, offsetof<Registration>());
  const registration = changetype<Registration>(at);
  registration.epoll = epoll;
  registration.fd = fd;
  insertMember(table, at, offsetof<Registration>("chain"), hashOf);
  changes++;
  return registration;
}

function destroy(registration: Registration): void {
  const at = changetype<usize>(registration);
  removeMember(changetype<Table>(registrations), at, offsetof<Registration>("chain"), hashOf);
  release(at, offsetof<Registration>());
  changes++;
}

function registrationsOf(epoll: EmulatedEpoll): List {
  return changetype<List>(changetype<usize>(epoll) + offsetof<EmulatedEpoll>("first"));
}

/** Registers a descriptor, behind all others; null if there is no memory. */
export function addRegistration(epoll: EmulatedEpoll, fd: i32): Registration | null {
  const registration = create(epoll, fd);
  if (registration === null) return null;
  const at = changetype<usize>(registration);
  append(registrationsOf(epoll), at, offsetof<Registration>("before"));
  return registration;
}

/** Removes a registration from its epoll. */
export function dropRegistration(epoll: EmulatedEpoll, registration: Registration): void {
  markNotReady(epoll, registration);
  const at = changetype<usize>(registration);
  remove(registrationsOf(epoll), at, offsetof<Registration>("before"));
  destroy(registration);
}

// The ready list.

/** The ready list of an epoll. */
export function readyListOf(epoll: EmulatedEpoll): ReadyList {
  return changetype<ReadyList>(changetype<usize>(epoll) + offsetof<EmulatedEpoll>("firstReady"));
}

/** Whether a registration is on the ready list. */
export function isReady(epoll: EmulatedEpoll, registration: Registration): bool {
  return registration.readyBefore !== null || epoll.firstReady === registration;
}

/** Puts a registration at the end of the ready list, unless it is on it. */
export function markReady(epoll: EmulatedEpoll, registration: Registration): void {
  const at = changetype<usize>(registration);
  enqueue(readyListOf(epoll), at, offsetof<Registration>("readyBefore"));
}

/** Takes a registration off the ready list. */
export function markNotReady(epoll: EmulatedEpoll, registration: Registration): void {
  const at = changetype<usize>(registration);
  dequeue(readyListOf(epoll), at, offsetof<Registration>("readyBefore"));
}

// Epolls.

/** Makes an epoll whose own descriptor is `fd`: 0 or -ENOMEM. */
export function addEpoll(fd: i32): i32 {
  const at = allocate(offsetof<EmulatedEpoll>());
  const timer = createEdgeTimer();
  let name: Registration | null = null;
  if (at !== 0 && timer !== null) name = create(null, fd);
  if (timer === null || name === null) {
    release(at, offsetof<EmulatedEpoll>());
    if (timer !== null) destroyEdgeTimer(timer);
    return -ENOMEM;
  }
  memory.fill(at, 0, offsetof<EmulatedEpoll>());
  const epoll = changetype<EmulatedEpoll>(at);
  epoll.fd = fd;
  epoll.edgeTimer = timer;
  append(changetype<List>(epolls), at, offsetof<EmulatedEpoll>("before"));
  name.inner = epoll;
  return 0;
}

/** Forgets an epoll, whose descriptor is about to be closed. */
export function dropEpoll(epoll: EmulatedEpoll): void {
  forgetRegistrations(epoll.fd);
  let registration = epoll.first;
  while (registration !== null) {
    const after = registration.after;
    dropRegistration(epoll, registration);
    registration = after;
  }
  const name = findRegistration(null, epoll.fd);
  if (name !== null) destroy(name);
  remove(changetype<List>(epolls), changetype<usize>(epoll), offsetof<EmulatedEpoll>("before"));
  destroyEdgeTimer(epoll.edgeTimer);
  release(changetype<usize>(epoll), offsetof<EmulatedEpoll>());
}

/** Removes the registrations of a descriptor from all epolls: it is about to be closed. */
export function forgetRegistrations(fd: i32): void {
  let epoll = firstEpoll();
  while (epoll !== null) {
    const registration = findRegistration(epoll, fd);
    if (registration !== null) dropRegistration(epoll, registration);
    epoll = epoll.after;
  }
}
