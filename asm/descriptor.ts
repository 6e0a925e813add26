// Properties of a descriptor: its kind, and the file that is open behind its number.

import { EBADF, ENOSYS, EVENT_NVAL, FD_OTHER, POLL_RECORD_SIZE, STAT_SIZE } from "./abi";
import * as host from "./host";
import { PollRecord, StatRecord } from "./records";

/** Record of `kindOf`, whose callers want the kind alone. */
const own: usize = memory.data(STAT_SIZE, 8);
/** Poll record of `isClosed`. */
const probe: usize = memory.data(POLL_RECORD_SIZE, 8);

/** Whether poll(2) says that a descriptor is not open. */
function isClosed(fd: i32): bool {
  const record = changetype<PollRecord>(probe);
  record.fd = fd;
  record.want = 0;
  record.ready = 0;
  return host.poll(probe, 1, 0) > 0 && (record.ready & EVENT_NVAL) !== 0;
}

/**
 * Fills the caller's stat record with what a descriptor is, and returns its kind, FD_*; or -EBADF.
 * A host without fd_stat leaves everything but the kind 0.
 */
export function describe(fd: i32, stat: StatRecord): i32 {
  if (fd < 0) return -EBADF;
  const result = host.fd_stat(fd, changetype<usize>(stat));
  if (result === 0) return stat.kind;
  if (result !== -ENOSYS) return -EBADF;
  memory.fill(changetype<usize>(stat), 0, STAT_SIZE);
  stat.kind = FD_OTHER;
  return isClosed(fd) ? -EBADF : FD_OTHER;
}

/** Kind of a descriptor, FD_*; or -EBADF. */
export function kindOf(fd: i32): i32 {
  return describe(fd, changetype<StatRecord>(own));
}

/** One number for the inode and the device of a file; 0 if its host does not number files. */
export function fileOf(stat: StatRecord): u64 {
  return stat.ino === 0 ? 0 : stat.ino ^ rotl<u64>(stat.dev, 40);
}
