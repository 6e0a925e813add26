// fd_stat and fd_data of the waist: the kind of a descriptor, and how much it holds.

import {
  ACCESS_NAMED,
  ACCESS_READ,
  ACCESS_WRITE,
  DATA_ERROR,
  DATA_FD,
  DATA_FILE,
  DATA_OPEN,
  DATA_SIZE,
  DATA_STATE,
  DATA_VALUE,
  DATA_WHAT,
  DATA_WITH_STATE,
  EBADF,
  EINVAL,
  FD_PIPE,
  STAT_BLOCKS,
  STAT_BYTES,
  STAT_DEV,
  STAT_FLAGS,
  STAT_INO,
  STAT_KIND,
  STAT_NLINK,
  STAT_OFFSET,
  STAT_SIZE,
} from "../../../asm/abi.ts";
import type { Host } from "../../host.ts";
import { EFAULT, ESPIPE } from "../kernel/constants.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { viewAt } from "../kernel/memory.ts";

/** Device number of every file: there is one device. */
const DEVICE = 1;

/** Writes a 64-bit integer as two words, which costs less than a bigint. */
function setInt64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value, true);
  view.setInt32(at + 4, Math.floor(value / 2 ** 32), true);
}

/** Fills in value, error and state of the data record at `at`. */
function fillRecord(kernel: Kernel, view: DataView, at: number): void {
  const what = view.getUint32(at + DATA_WHAT, true);
  const question = what & ~DATA_WITH_STATE;
  const fd = view.getInt32(at + DATA_FD, true);
  const file = question === DATA_OPEN ? kernel.descriptors.get(fd) : kernel.descriptors.usable(fd);
  let value: number | bigint = -EBADF;
  if (file !== undefined) value = question === DATA_OPEN ? 0 : file.data(question);
  const rest = question === DATA_FILE ? file?.bytesLeft() : undefined;
  if (rest !== undefined) value = rest;
  else if (question === DATA_FILE && file !== undefined) value = -ESPIPE;
  const isError = typeof value === "number" && value < 0 && rest === undefined;
  if (typeof value === "bigint") view.setBigInt64(at + DATA_VALUE, value, true);
  else setInt64(view, at + DATA_VALUE, isError ? 0 : value);
  view.setInt32(at + DATA_ERROR, isError ? Number(value) : 0, true);
  const state = (what & DATA_WITH_STATE) !== 0 && file !== undefined ? file.dataState() : 0;
  view.setUint32(at + DATA_STATE, state, true);
}

/** fd_stat and fd_data of the waist. */
export function dataCalls(kernel: Kernel): Pick<Host, "fd_stat" | "fd_data"> {
  return {
    fd_stat(memory, fd, address) {
      const view = viewAt(memory, address, STAT_SIZE);
      if (view === undefined) return -EFAULT;
      const file = kernel.descriptors.usable(fd);
      if (file === undefined) return -EBADF;
      const { kind, links, ino, bytes, blocks, offset } = file.stat();
      view.setUint32(STAT_KIND, kind, true);
      view.setUint32(STAT_NLINK, links, true);
      setInt64(view, STAT_INO, ino);
      setInt64(view, STAT_DEV, DEVICE);
      setInt64(view, STAT_BYTES, bytes);
      setInt64(view, STAT_BLOCKS, blocks);
      let access = (file.isReadable ? ACCESS_READ : 0) | (file.isWritable ? ACCESS_WRITE : 0);
      if (kind === FD_PIPE && file.inode !== undefined) access |= ACCESS_NAMED;
      view.setUint32(STAT_FLAGS, access, true);
      view.setUint32(STAT_FLAGS + 4, 0, true);
      setInt64(view, STAT_OFFSET, offset);
      return 0;
    },
    fd_data(memory, records, count) {
      if (count < 0) return -EINVAL;
      const view = viewAt(memory, records, count * DATA_SIZE);
      if (view === undefined) return -EFAULT;
      for (let i = 0; i < count; i++) fillRecord(kernel, view, i * DATA_SIZE);
      return 0;
    },
  };
}
