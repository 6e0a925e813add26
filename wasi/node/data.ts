// The kind of a descriptor of this process, and how much it holds.

import {
  ACCESS_NAMED,
  ACCESS_READ,
  ACCESS_WRITE,
  DATA_FD,
  DATA_FILE,
  DATA_OPEN,
  DATA_PIPE_ROOM,
  DATA_READABLE,
  DATA_SENDABLE,
  DATA_WHAT,
  DATA_WITH_STATE,
  EBADF,
  ENOSYS,
  FD_DATAGRAM,
  FD_DEVICE,
  FD_DIRECTORY,
  FD_FILE,
  FD_OTHER,
  FD_PIPE,
  FD_STREAM,
  FD_TERMINAL,
  STAT_BLOCKS,
  STAT_BYTES,
  STAT_DEV,
  STAT_FLAGS,
  STAT_INO,
  STAT_KIND,
  STAT_NLINK,
  STAT_OFFSET,
  STAT_SIZE,
} from "../../asm/abi.ts";
import { type PlatformCalls, writeAnswer } from "../counters.ts";
import type { OneoffPoller } from "../poller.ts";
import type { Descriptor, Descriptors } from "./descriptors.ts";

const EFAULT = 14;
const ESPIPE = 29;

function kindOf({ stat, isTerminal, isDatagram }: Descriptor): number {
  if (stat.isFile() || stat.isBlockDevice()) return FD_FILE;
  if (stat.isDirectory()) return FD_DIRECTORY;
  if (stat.isFIFO()) return FD_PIPE;
  if (stat.isSocket()) return isDatagram ? FD_DATAGRAM : FD_STREAM;
  if (stat.isCharacterDevice()) return isTerminal ? FD_TERMINAL : FD_DEVICE;
  return FD_OTHER;
}

/** The inode as 64 bits without a sign; Node has it as a number, and so not all bits of a large one. */
function unsigned(value: number): bigint {
  return BigInt.asUintN(64, BigInt(value));
}

/** A FIFO that has lost its name, as those of omnipoll/os have, is a pipe. */
function accessOf({ canRead, canWrite, isNamed, stat }: Descriptor): number {
  const access = (canRead ? ACCESS_READ : 0) | (canWrite ? ACCESS_WRITE : 0);
  return isNamed && stat.nlink > 0 ? access | ACCESS_NAMED : access;
}

function writeStat(view: DataView, descriptor: Descriptor): void {
  const { stat: now } = descriptor;
  view.setUint32(STAT_KIND, kindOf(descriptor), true);
  view.setUint32(STAT_NLINK, now.nlink, true);
  view.setBigUint64(STAT_INO, unsigned(now.ino), true);
  view.setBigUint64(STAT_DEV, unsigned(now.dev), true);
  view.setBigInt64(STAT_BYTES, BigInt(now.size), true);
  view.setBigInt64(STAT_BLOCKS, BigInt(now.blocks), true);
  view.setUint32(STAT_FLAGS, accessOf(descriptor), true);
  view.setUint32(STAT_FLAGS + 4, 0, true);
  view.setBigInt64(STAT_OFFSET, BigInt(descriptor.position()), true);
}

/** The fields of a data record that has been answered. */
interface Answered {
  readonly value: bigint;
  readonly error: number;
  readonly state: number;
}

const failed = (errno: number): Answered => ({ value: 0n, error: -errno, state: 0 });

/** fd_stat of the waist, and the answers of its fd_data. */
export function dataCalls(
  descriptors: Descriptors,
  poller: OneoffPoller,
): Pick<PlatformCalls, "fd_stat" | "answer"> {
  /** The answer to a question. Of a file it may be below 0: what is behind its offset. */
  function valueOf(fd: number, question: number): Answered {
    const descriptor = descriptors.get(fd);
    if (descriptor === undefined) return failed(EBADF);
    const { stat } = descriptor;
    if (question === DATA_OPEN) return { value: 0n, error: 0, state: 0 };
    if (question === DATA_FILE || (question === DATA_READABLE && stat.isFile())) {
      if (!stat.isFile()) return failed(ESPIPE);
      return { value: BigInt(descriptor.bytesLeft()), error: 0, state: 0 };
    }
    const isWrite = question === DATA_SENDABLE || question === DATA_PIPE_ROOM;
    if (!isWrite && question !== DATA_READABLE) return failed(ENOSYS);
    const { bytes, error } = poller.ask(fd, isWrite);
    return bytes < 0 ? failed(-bytes) : { value: BigInt(bytes), error: 0, state: error };
  }

  return {
    fd_stat(memory, fd, address) {
      const at = address >>> 0;
      if (at + STAT_SIZE > memory.buffer.byteLength) return -EFAULT;
      const descriptor = descriptors.get(fd);
      if (descriptor === undefined) return -EBADF;
      writeStat(new DataView(memory.buffer, at), descriptor);
      return 0;
    },
    answer(memory, address) {
      const view = new DataView(memory.buffer);
      const what = view.getUint32(address + DATA_WHAT, true);
      const { value, error, state } = valueOf(
        view.getInt32(address + DATA_FD, true),
        what & ~DATA_WITH_STATE,
      );
      writeAnswer(view, address, { value, error, state: what & DATA_WITH_STATE ? state : 0 });
    },
  };
}
