// The properties of a descriptor, and how much it holds: fd_stat and fd_data of the waist.

import {
  ACCESS_READ,
  ACCESS_WRITE,
  DATA_FILE,
  DATA_OPEN,
  DATA_PIPE_ROOM,
  DATA_READABLE,
  DATA_SENDABLE,
  DATA_SIZE,
  DATA_WITH_STATE,
  EBADF,
  EINVAL,
  ENOSYS,
  FD_DATAGRAM,
  FD_DEVICE,
  FD_DIRECTORY,
  FD_FILE,
  FD_PIPE,
  FD_STREAM,
  FD_TERMINAL,
  STAT_SIZE,
} from "../abi";
import { DataRecord, StatRecord } from "../records";
import { countsBytes } from "./bytes";
import { linuxErrno, WASI_BADF } from "./errno";
import { answerName, isName, statName } from "./names";
import {
  EVENT_SIZE,
  FDSTAT_RIGHTS,
  FDSTAT_SIZE,
  FDSTAT_TYPE,
  FILESTAT_BYTES,
  FILESTAT_DEV,
  FILESTAT_INO,
  FILESTAT_NLINK,
  FILESTAT_SIZE,
  FILESTAT_TYPE,
  TYPE_BLOCK_DEVICE,
  TYPE_CHARACTER_DEVICE,
  TYPE_DATAGRAM,
  TYPE_DIRECTORY,
  TYPE_READ,
  TYPE_REGULAR_FILE,
  TYPE_STREAM,
  TYPE_UNKNOWN,
  TYPE_WRITE,
} from "./preview1";
import { askAlone, Event } from "./subscriptions";
import { fd_fdstat_get, fd_filestat_get, fd_tell } from "./wasi_snapshot_preview1";

const RIGHT_READ: u64 = 1 << 1;
const RIGHT_SEEK: u64 = 1 << 2;
const RIGHT_TELL: u64 = 1 << 5;
const RIGHT_WRITE: u64 = 1 << 6;
const ESPIPE = 29;
const BLOCK: i64 = 512;

/** The fdstat, filestat and offset that a call of the runtime wrote last. */
const fdstat: usize = memory.data(FDSTAT_SIZE, 8);
const filestat: usize = memory.data(FILESTAT_SIZE, 8);
const offset: usize = memory.data(8, 8);
/** The event that answers a question of fd_data. */
const answered: usize = memory.data(EVENT_SIZE, 8);

/** Whether the runtime says that a descriptor is not open. */
export function isClosed(fd: i32): bool {
  return fd_fdstat_get(fd, fdstat) === WASI_BADF;
}

/** Filetype of a descriptor; TYPE_UNKNOWN if the runtime does not tell. */
export function typeOf(fd: i32): i32 {
  return fd_fdstat_get(fd, fdstat) === 0 ? load<u8>(fdstat, FDSTAT_TYPE) : TYPE_UNKNOWN;
}

/**
 * FD_* of a filetype, for some types with the rights of the descriptor. Listeners are streams to WASI. It has no
 * type for pipes: a descriptor of no type is taken for one, although it may also be an eventfd or an epoll of the
 * runtime's platform. A character device without a position is a terminal (__isatty of wasi-libc).
 */
function kindOf(type: i32, rights: u64): i32 {
  if (type === TYPE_REGULAR_FILE) return FD_FILE;
  if (type === TYPE_DIRECTORY) return FD_DIRECTORY;
  if (type === TYPE_CHARACTER_DEVICE)
    return rights & (RIGHT_SEEK | RIGHT_TELL) ? FD_DEVICE : FD_TERMINAL;
  if (type === TYPE_BLOCK_DEVICE) return FD_DEVICE;
  if (type === TYPE_STREAM) return FD_STREAM;
  return type === TYPE_DATAGRAM ? FD_DATAGRAM : FD_PIPE;
}

/** Whether the rights of a descriptor say more of it than its filetype. */
function needsRights(type: i32): bool {
  return type === TYPE_UNKNOWN || type === TYPE_CHARACTER_DEVICE;
}

/** ACCESS_* by the rights of a descriptor; both if the runtime names neither. */
function accessOf(rights: u64): u32 {
  const read: u32 = rights & RIGHT_READ ? ACCESS_READ : 0;
  const write: u32 = rights & RIGHT_WRITE ? ACCESS_WRITE : 0;
  return (read | write) === 0 ? ACCESS_READ | ACCESS_WRITE : read | write;
}

/** Position in a file or a directory; 0 if the runtime does not tell. */
function offsetOf(fd: i32): i64 {
  return fd_tell(fd, offset) === 0 ? load<i64>(offset) : 0;
}

/**
 * Fills in the stat record at `address`, without an offset, which the core does not read. 0 or -EBADF. The files of
 * a queue are described at every rescan: as few calls are made as tell what the core needs.
 */
export function describe(fd: i32, address: usize): i32 {
  const stat = changetype<StatRecord>(address);
  memory.fill(address, 0, STAT_SIZE);
  if (isName(fd)) return statName(fd, stat);
  // A runtime may refuse one of the two calls (NOTCAPABLE, NOTSUP): the rest is 0.
  const refused = fd_filestat_get(fd, filestat);
  if (refused !== 0) memory.fill(filestat, 0, FILESTAT_SIZE);
  if (refused === WASI_BADF) return -EBADF;
  let type: i32 = load<u8>(filestat, FILESTAT_TYPE);
  let rights: u64 = 0;
  if (needsRights(type)) {
    const error = fd_fdstat_get(fd, fdstat);
    if (error === WASI_BADF) return -EBADF;
    if (error === 0) {
      if (refused !== 0) type = load<u8>(fdstat, FDSTAT_TYPE);
      rights = load<u64>(fdstat, FDSTAT_RIGHTS);
    }
  }

  stat.kind = kindOf(type, rights);
  stat.nlink = min<u64>(load<u64>(filestat, FILESTAT_NLINK), u32.MAX_VALUE) as u32;
  stat.ino = load<u64>(filestat, FILESTAT_INO);
  stat.dev = load<u64>(filestat, FILESTAT_DEV);
  stat.bytes = load<i64>(filestat, FILESTAT_BYTES);
  // WASI does not tell of holes.
  stat.blocks = stat.bytes / BLOCK + i64(stat.bytes % BLOCK !== 0);
  stat.flags = accessOf(rights);
  return 0;
}

/** DATA_FILE: the bytes between the offset and the end of a file. */
function answerFile(record: DataRecord): void {
  const error = fd_filestat_get(record.fd, filestat);
  if (error !== 0) {
    record.error = -linuxErrno(error);
    return;
  }
  const type: i32 = load<u8>(filestat, FILESTAT_TYPE);
  if (type !== TYPE_REGULAR_FILE && type !== TYPE_DIRECTORY) record.error = -ESPIPE;
  else record.value = load<i64>(filestat, FILESTAT_BYTES) - offsetOf(record.fd);
}

/** The bytes and the error of an event that comes at once (wasi-libc's FIONREAD). */
function answerBytes(record: DataRecord, type: i32): void {
  const event = changetype<Event>(answered);
  const error = askAlone(type, record.fd, event);
  if (error === WASI_BADF && !isClosed(record.fd)) return; // the runtime cannot wait in that direction
  if (error !== 0) record.error = -linuxErrno(error);
  else if (event.error === WASI_BADF) record.error = -EBADF;
  else if (event.error !== 0) record.state = linuxErrno(event.error);
  else if (countsBytes()) record.value = event.bytes as i64;
  else record.value = event.type === type ? 1 : 0;
}

function answer(record: DataRecord): void {
  const question = record.what & ~DATA_WITH_STATE;
  record.value = 0;
  record.error = 0;
  record.state = 0;
  if (isName(record.fd)) answerName(record, question);
  else if (question === DATA_OPEN) record.error = isClosed(record.fd) ? -EBADF : 0;
  else if (question === DATA_FILE) answerFile(record);
  else if (question === DATA_READABLE) answerBytes(record, TYPE_READ);
  else if (question === DATA_SENDABLE || question === DATA_PIPE_ROOM)
    answerBytes(record, TYPE_WRITE);
  else record.error = -ENOSYS;
}

/** Answers `count` data records. */
export function answerRecords(records: usize, count: i32): i32 {
  if (count < 0) return -EINVAL;
  for (let i = 0; i < count; i++) {
    answer(changetype<DataRecord>(records + (i as usize) * DATA_SIZE));
  }
  return 0;
}
