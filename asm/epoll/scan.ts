// A scan: one poll(2) of all registrations of an emulated epoll, and the result for each. The scan
// includes the registrations of epolls within, since no kernel knows of them. A level-triggered
// registration is ready if poll(2) says so. Edges are observed: a scan reports a registration if it is
// ready and was not so in the last scan, or if there is more to read than in the last scan (readable.ts).
//
// The core knows the program's reads and writes through omnipoll/os. Other reads leave a gap: if a reader
// takes everything and as many bytes arrive before the next scan, the scan finds the same as if the
// reader had left the bytes unread. So reported registrations are scanned every RESCAN_MS, and reported
// once more after a while (edge-timer.ts). An event may be late or come once too often; no event is lost.

import {
  DATA_SIZE,
  EVENT_ERR,
  EVENT_ET,
  EVENT_HUP,
  EVENT_IN,
  EVENT_NVAL,
  EVENT_RDHUP,
  EVENT_RDNORM,
  FD_STREAM,
  POLL_RECORD_SIZE,
} from "../abi";
import * as host from "../host";
import { PollRecord } from "../records";
import { advance, isRepeatDue, noteEdge } from "./edge-timer";
import {
  dropRegistration,
  EmulatedEpoll,
  epollOf,
  isReady,
  markNotReady,
  markReady,
  Registration,
  STATUS_DISABLED,
} from "./emulated";
import { canQueryAvailable, hasGrown, queryAvailable } from "./readable";
import { entriesStart, ENTRY_SIZE, questionsStart, recordsStart } from "./scratch";

/** Bits that poll(2) reports whether they are asked for or not. */
const ALWAYS: u32 = EVENT_ERR | EVENT_HUP;
/** The ready bits of an epoll's descriptor while the ready list has members. */
const READABLE: u32 = EVENT_IN | EVENT_RDNORM;

/**
 * One step of a scan. A step without a registration begins the scan of the epoll.
 * The entries of an epoll within come before the entry of the registration that it belongs to.
 */
@unmanaged
class Entry {
  epoll: EmulatedEpoll;
  registration: Registration | null;
  /** Address of the poll record; 0 for an epoll within. */
  record: usize;
  /** Address of the data record that asks how much there is to read, or 0. */
  question: usize;
  /** Whether an epoll above is registered edge-triggered. */
  inEdge: bool;
}

if (offsetof<Entry>() > ENTRY_SIZE) ERROR("scratch.ts: ENTRY_SIZE");

/** The scan that is going on. */
@unmanaged
export class Scan {
  /** An epoll that several others watch is taken in once in a scan. */
  number: i32;
  /** Registrations that were reported and that poll(2) is likely to call ready at once. */
  reported: i32;
  /** Edge-triggered registrations. */
  edgeTriggered: i32;
  /** The first deadline of the epolls; 0 if there is none. */
  deadline: f64;
  /** The time, if there is an edge-triggered registration or a deadline. */
  now: f64;
  /** Ends of the poll records and of the entries. */
  recordsEnd: usize;
  entriesEnd: usize;
}

const scanAddress: usize = memory.data(offsetof<Scan>(), 8);

/** The scan of this core: one goes on at a time. */
export function theScan(): Scan {
  return changetype<Scan>(scanAddress);
}

// Writing the poll records.

function writeRecord(scan: Scan, fd: i32, want: u32): usize {
  const at = scan.recordsEnd;
  const record = changetype<PollRecord>(at);
  record.fd = fd;
  record.want = want as u16;
  record.ready = 0;
  scan.recordsEnd = at + POLL_RECORD_SIZE;
  return at;
}

function writeEntry(
  scan: Scan,
  epoll: EmulatedEpoll,
  registration: Registration | null,
  record: usize,
  inEdge: bool,
): void {
  const entry = changetype<Entry>(scan.entriesEnd);
  entry.epoll = epoll;
  entry.registration = registration;
  entry.record = record;
  entry.question = 0;
  entry.inEdge = inEdge;
  scan.entriesEnd += ENTRY_SIZE;
}

export function isEdgeTriggered(registration: Registration): bool {
  return (registration.interest & EVENT_ET) !== 0;
}

/**
 * The bits to ask poll(2) for. A peer that shuts its writing half down is an edge of
 * everything that is ready, also for a program that did not ask for EPOLLRDHUP; it happens once.
 */
function pollMaskOf(registration: Registration): u32 {
  const interest = registration.interest;
  const asks = interest & EVENT_ET && registration.kind === FD_STREAM;
  return asks && !(registration.reported & EVENT_RDHUP) ? interest | EVENT_RDHUP : interest;
}

/** Bits that are ready and were reported: no edge. 0 if level-triggered, or on the ready list. */
function reportedOf(epoll: EmulatedEpoll, registration: Registration): u32 {
  if (!isEdgeTriggered(registration) || isReady(epoll, registration)) return 0;
  return registration.reported;
}

/** The epoll within a registration that waits for it to be readable. */
function innerOf(registration: Registration): EmulatedEpoll | null {
  return registration.interest & READABLE ? registration.inner : null;
}

/** The epoll that a caller's poll record waits for. */
function epollIn(record: PollRecord): EmulatedEpoll | null {
  return record.want & READABLE ? epollOf(record.fd) : null;
}

/** Writes the poll record of a descriptor that is no epoll; its address. */
function writeRecordOf(
  scan: Scan,
  registration: Registration,
  reported: u32,
  onlyNew: bool,
): usize {
  const mask = pollMaskOf(registration);
  if (!onlyNew) return writeRecord(scan, registration.fd, mask);
  // poll(2) always reports errors and hang-ups. After such a report, only -1 makes poll(2) skip the record.
  return writeRecord(scan, reported & ALWAYS ? -1 : registration.fd, mask & ~reported);
}

/**
 * Writes the poll records and the entries of an epoll and of those within.
 *
 * @param inEdge whether an epoll above is registered edge-triggered
 * @param onlyNew whether poll(2) is to wait only for what was not reported
 */
function writeRecords(scan: Scan, epoll: EmulatedEpoll, inEdge: bool, onlyNew: bool): void {
  if (epoll.scan === scan.number) return;
  epoll.scan = scan.number;
  const deadline = epoll.deadline;
  if (deadline !== 0 && (scan.deadline === 0 || deadline < scan.deadline)) scan.deadline = deadline;
  writeEntry(scan, epoll, null, 0, inEdge);
  let registration = epoll.first;
  while (registration !== null) {
    if (!(registration.status & STATUS_DISABLED)) {
      const reported = reportedOf(epoll, registration);
      if (reported & (registration.interest | ALWAYS)) scan.reported++;
      if (isEdgeTriggered(registration)) scan.edgeTriggered++;
      let record: usize = 0;
      if (registration.inner === null) {
        record = writeRecordOf(scan, registration, reported, onlyNew);
      } else if (!onlyNew || reported === 0) {
        const inner = innerOf(registration);
        const below: bool = inEdge || isEdgeTriggered(registration);
        if (inner !== null) writeRecords(scan, inner, below, onlyNew);
      }
      writeEntry(scan, epoll, registration, record, inEdge);
    }
    registration = registration.after;
  }
}

/** Copies a caller's records, leaving out the descriptors of epolls. */
function copyRecords(scan: Scan, records: usize, count: i32): void {
  const end = records + (count as usize) * POLL_RECORD_SIZE;
  for (let at = records; at < end; at += POLL_RECORD_SIZE) {
    const record = changetype<PollRecord>(at);
    writeRecord(scan, epollOf(record.fd) === null ? record.fd : -1, record.want);
  }
}

/** Begins a scan of a caller's records and of `root`. Returns how many poll records that makes. */
export function beginScan(
  scan: Scan,
  records: usize,
  count: i32,
  root: EmulatedEpoll | null,
  onlyNew: bool,
): i32 {
  scan.number++;
  scan.reported = 0;
  scan.edgeTriggered = 0;
  scan.deadline = 0;
  scan.recordsEnd = recordsStart();
  scan.entriesEnd = entriesStart();
  copyRecords(scan, records, count);
  const end = records + (count as usize) * POLL_RECORD_SIZE;
  for (let at = records; at < end; at += POLL_RECORD_SIZE) {
    const epoll = epollIn(changetype<PollRecord>(at));
    if (epoll !== null) writeRecords(scan, epoll, false, onlyNew);
  }
  if (root !== null) writeRecords(scan, root, false, onlyNew);
  return ((scan.recordsEnd - recordsStart()) / POLL_RECORD_SIZE) as i32;
}

// Applying the results.

/**
 * Whether more to read is an edge of a ready registration: of one that is edge-triggered, and of
 * those within an epoll that is, which wakes up at everything that happens within.
 */
function isCounted(entry: Entry, registration: Registration, ready: u32): bool {
  const byEdge = entry.inEdge || isEdgeTriggered(registration);
  return byEdge && ready !== 0 && (ready & EVENT_NVAL) === 0;
}

/** Asks the host, in one call, how much there is to read where that counts. */
function askQuestions(scan: Scan): void {
  let question = questionsStart();
  for (let at = entriesStart(); at < scan.entriesEnd; at += ENTRY_SIZE) {
    const entry = changetype<Entry>(at);
    const registration = entry.registration;
    if (registration === null || entry.record === 0) continue;
    const ready: u32 = changetype<PollRecord>(entry.record).ready;
    if (!isCounted(entry, registration, ready) || !canQueryAvailable(registration)) continue;
    queryAvailable(question, registration, ready);
    entry.question = question;
    question += DATA_SIZE;
  }
  const asked = ((question - questionsStart()) / DATA_SIZE) as i32;
  if (asked > 0) host.fd_data(questionsStart(), asked);
}

/** Puts a registration on the ready list or takes it off, by the bits that were `found` ready. */
function settle(epoll: EmulatedEpoll, registration: Registration, found: u32, grown: bool): void {
  const interest = registration.interest;
  const ready = found & (interest | ALWAYS);
  // The end of the peer's bytes is an edge once, also for a program that did not ask for it.
  const unasked = (found | registration.reported) & EVENT_RDHUP & ~interest;
  if (ready === 0) {
    markNotReady(epoll, registration);
    registration.reported = unasked;
    return;
  }
  const isEdge = grown || (found & ~registration.reported) !== 0;
  registration.reported = (registration.reported & found) | unasked;
  const wasReady = isReady(epoll, registration);
  if (interest & EVENT_ET && !wasReady) {
    if (!isEdge && !isRepeatDue(epoll.edgeTimer)) return;
    if (isEdge) noteEdge(epoll.edgeTimer);
  }
  registration.ready = ready;
  if (!wasReady) markReady(epoll, registration);
  if (!wasReady || grown) epoll.arrivals++;
}

/** Whether the descriptor of an epoll is readable: its owner's timer counts, too. */
export function isReadable(scan: Scan, epoll: EmulatedEpoll): bool {
  return epoll.readyCount > 0 || (epoll.deadline !== 0 && epoll.deadline <= scan.now);
}

/** Settles the registration of an epoll within, whose own registrations are settled. */
function applyInner(scan: Scan, epoll: EmulatedEpoll, registration: Registration): void {
  const inner = innerOf(registration);
  if (inner === null) {
    settle(epoll, registration, 0, false);
    return;
  }
  const grown = inner.arrivals !== registration.innerArrivals;
  registration.innerArrivals = inner.arrivals;
  const found = isReadable(scan, inner) ? registration.interest & READABLE : 0;
  settle(epoll, registration, found, grown);
}

/** Settles all registrations of a scan. */
export function applyResults(scan: Scan): void {
  if (scan.edgeTriggered > 0) askQuestions(scan);
  for (let at = entriesStart(); at < scan.entriesEnd; at += ENTRY_SIZE) {
    const entry = changetype<Entry>(at);
    const epoll = entry.epoll;
    const registration = entry.registration;
    if (registration === null) {
      if (scan.edgeTriggered > 0) advance(epoll.edgeTimer, scan.now);
    } else if (entry.record === 0) {
      applyInner(scan, epoll, registration);
    } else {
      const ready: u32 = changetype<PollRecord>(entry.record).ready;
      if (ready & EVENT_NVAL) {
        dropRegistration(epoll, registration); // closed without omnipoll/os
        continue;
      }
      const grown: bool = entry.question !== 0 && hasGrown(registration, ready, entry.question);
      settle(epoll, registration, ready & (pollMaskOf(registration) | ALWAYS), grown);
    }
  }
}

/** Writes the ready masks of a caller's records, and returns how many are not 0. */
export function writeResults(scan: Scan, records: usize, count: i32): i32 {
  let ready = 0;
  let found = recordsStart();
  for (let i = 0; i < count; i++, records += POLL_RECORD_SIZE, found += POLL_RECORD_SIZE) {
    const record = changetype<PollRecord>(records);
    const epoll = epollIn(record);
    if (epoll === null) record.ready = changetype<PollRecord>(found).ready;
    else record.ready = isReadable(scan, epoll) ? record.want & (READABLE as u16) : 0;
    if (record.ready !== 0) ready++;
  }
  return ready;
}
