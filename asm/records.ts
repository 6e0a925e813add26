// Records that cross the waist, as classes over the core's memory. Their layouts are abi.ts's; the
// compiler rejects a field that drifts.

import {
  DATA_ERROR,
  DATA_FD,
  DATA_SIZE,
  DATA_STATE,
  DATA_VALUE,
  DATA_WHAT,
  KEVENT_DATA,
  KEVENT_FFLAGS,
  KEVENT_FILTER,
  KEVENT_FLAGS,
  KEVENT_IDENT,
  KEVENT_SIZE,
  KEVENT_UDATA,
  POLL_RECORD_FD,
  POLL_RECORD_READY,
  POLL_RECORD_SIZE,
  POLL_RECORD_WANT,
  READY_RECORD_FD,
  READY_RECORD_MASK,
  READY_RECORD_SIZE,
  REGISTRATION_DATA,
  REGISTRATION_FFLAGS,
  REGISTRATION_FILTER,
  REGISTRATION_FLAGS,
  REGISTRATION_ID,
  REGISTRATION_IDENT,
  REGISTRATION_SDATA,
  REGISTRATION_SFFLAGS,
  REGISTRATION_SIZE,
  REGISTRATION_STATE,
  REGISTRATION_UDATA,
  STAT_BLOCKS,
  STAT_BYTES,
  STAT_DEV,
  STAT_FLAGS,
  STAT_INO,
  STAT_KIND,
  STAT_NLINK,
  STAT_OFFSET,
  STAT_SIZE,
} from "./abi";

/** One descriptor that poll(2) looks at (struct pollfd). */
@unmanaged
export class PollRecord {
  fd: i32;
  want: u16;
  ready: u16;
}

if (offsetof<PollRecord>() !== POLL_RECORD_SIZE) ERROR("abi.ts: POLL_RECORD_SIZE");
if (offsetof<PollRecord>("fd") !== POLL_RECORD_FD) ERROR("abi.ts: POLL_RECORD_FD");
if (offsetof<PollRecord>("want") !== POLL_RECORD_WANT) ERROR("abi.ts: POLL_RECORD_WANT");
if (offsetof<PollRecord>("ready") !== POLL_RECORD_READY) ERROR("abi.ts: POLL_RECORD_READY");

/** One event of an epoll, a poll object or a devpoll object. */
@unmanaged
export class ReadyRecord {
  fd: i32;
  mask: u32;
}

if (offsetof<ReadyRecord>() !== READY_RECORD_SIZE) ERROR("abi.ts: READY_RECORD_SIZE");
if (offsetof<ReadyRecord>("fd") !== READY_RECORD_FD) ERROR("abi.ts: READY_RECORD_FD");
if (offsetof<ReadyRecord>("mask") !== READY_RECORD_MASK) ERROR("abi.ts: READY_RECORD_MASK");

/** One change or event of a kqueue. */
@unmanaged
export class KeventRecord {
  ident: u64;
  filter: i16;
  flags: u16;
  fflags: u32;
  data: i64;
  udata: u64;
}

if (offsetof<KeventRecord>() !== KEVENT_SIZE) ERROR("abi.ts: KEVENT_SIZE");
if (offsetof<KeventRecord>("ident") !== KEVENT_IDENT) ERROR("abi.ts: KEVENT_IDENT");
if (offsetof<KeventRecord>("filter") !== KEVENT_FILTER) ERROR("abi.ts: KEVENT_FILTER");
if (offsetof<KeventRecord>("flags") !== KEVENT_FLAGS) ERROR("abi.ts: KEVENT_FLAGS");
if (offsetof<KeventRecord>("fflags") !== KEVENT_FFLAGS) ERROR("abi.ts: KEVENT_FFLAGS");
if (offsetof<KeventRecord>("data") !== KEVENT_DATA) ERROR("abi.ts: KEVENT_DATA");
if (offsetof<KeventRecord>("udata") !== KEVENT_UDATA) ERROR("abi.ts: KEVENT_UDATA");

/** One registration of an object, for `inspect()`. */
@unmanaged
export class RegistrationRecord {
  ident: u64;
  udata: u64;
  data: i64;
  sdata: i64;
  flags: u32;
  fflags: u32;
  sfflags: u32;
  filter: i32;
  state: u32;
  id: u32;
}

if (offsetof<RegistrationRecord>() !== REGISTRATION_SIZE) ERROR("abi.ts: REGISTRATION_SIZE");
if (offsetof<RegistrationRecord>("ident") !== REGISTRATION_IDENT)
  ERROR("abi.ts: REGISTRATION_IDENT");
if (offsetof<RegistrationRecord>("udata") !== REGISTRATION_UDATA)
  ERROR("abi.ts: REGISTRATION_UDATA");
if (offsetof<RegistrationRecord>("data") !== REGISTRATION_DATA) ERROR("abi.ts: REGISTRATION_DATA");
if (offsetof<RegistrationRecord>("sdata") !== REGISTRATION_SDATA)
  ERROR("abi.ts: REGISTRATION_SDATA");
if (offsetof<RegistrationRecord>("flags") !== REGISTRATION_FLAGS)
  ERROR("abi.ts: REGISTRATION_FLAGS");
if (offsetof<RegistrationRecord>("fflags") !== REGISTRATION_FFLAGS)
  ERROR("abi.ts: REGISTRATION_FFLAGS");
if (offsetof<RegistrationRecord>("sfflags") !== REGISTRATION_SFFLAGS)
  ERROR("abi.ts: REGISTRATION_SFFLAGS");
if (offsetof<RegistrationRecord>("filter") !== REGISTRATION_FILTER)
  ERROR("abi.ts: REGISTRATION_FILTER");
if (offsetof<RegistrationRecord>("state") !== REGISTRATION_STATE)
  ERROR("abi.ts: REGISTRATION_STATE");
if (offsetof<RegistrationRecord>("id") !== REGISTRATION_ID) ERROR("abi.ts: REGISTRATION_ID");

/** The properties of a descriptor, as fd_stat writes them. */
@unmanaged
export class StatRecord {
  /** FD_*. */
  kind: i32;
  nlink: u32;
  ino: u64;
  dev: u64;
  bytes: i64;
  blocks: i64;
  /** ACCESS_*. */
  flags: u32;
  offset: i64;
}

if (offsetof<StatRecord>() !== STAT_SIZE) ERROR("abi.ts: STAT_SIZE");
if (offsetof<StatRecord>("kind") !== STAT_KIND) ERROR("abi.ts: STAT_KIND");
if (offsetof<StatRecord>("nlink") !== STAT_NLINK) ERROR("abi.ts: STAT_NLINK");
if (offsetof<StatRecord>("ino") !== STAT_INO) ERROR("abi.ts: STAT_INO");
if (offsetof<StatRecord>("dev") !== STAT_DEV) ERROR("abi.ts: STAT_DEV");
if (offsetof<StatRecord>("bytes") !== STAT_BYTES) ERROR("abi.ts: STAT_BYTES");
if (offsetof<StatRecord>("blocks") !== STAT_BLOCKS) ERROR("abi.ts: STAT_BLOCKS");
if (offsetof<StatRecord>("flags") !== STAT_FLAGS) ERROR("abi.ts: STAT_FLAGS");
if (offsetof<StatRecord>("offset") !== STAT_OFFSET) ERROR("abi.ts: STAT_OFFSET");

/** One question to fd_data, and the answer. */
@unmanaged
export class DataRecord {
  fd: i32;
  /** DATA_*. */
  what: u32;
  value: i64;
  /** 0 or a negative errno. */
  error: i32;
  /** DATA_STATE_* and the pending error of a socket. */
  state: u32;
}

if (offsetof<DataRecord>() !== DATA_SIZE) ERROR("abi.ts: DATA_SIZE");
if (offsetof<DataRecord>("fd") !== DATA_FD) ERROR("abi.ts: DATA_FD");
if (offsetof<DataRecord>("what") !== DATA_WHAT) ERROR("abi.ts: DATA_WHAT");
if (offsetof<DataRecord>("value") !== DATA_VALUE) ERROR("abi.ts: DATA_VALUE");
if (offsetof<DataRecord>("error") !== DATA_ERROR) ERROR("abi.ts: DATA_ERROR");
if (offsetof<DataRecord>("state") !== DATA_STATE) ERROR("abi.ts: DATA_STATE");
