// The records of the waist in words, for the trace: poll records, kevents and the others.

import {
  DATA_ERROR,
  DATA_FD,
  DATA_STATE,
  DATA_VALUE,
  DATA_WHAT,
  DATA_WITH_STATE,
  KEVENT_DATA,
  KEVENT_FFLAGS,
  KEVENT_FILTER,
  KEVENT_FLAGS,
  KEVENT_IDENT,
  KEVENT_UDATA,
  POLL_RECORD_FD,
  POLL_RECORD_READY,
  POLL_RECORD_WANT,
  READY_RECORD_FD,
  READY_RECORD_MASK,
  STAT_BYTES,
  STAT_FLAGS,
  STAT_INO,
  STAT_KIND,
} from "../../asm/abi.ts";
import { type Address, RECORD_SIZES } from "../call.ts";
import { describeErrno } from "../errno.ts";
import {
  accessNames,
  eventNames,
  filterName,
  flagNames,
  kindName,
  noteNames,
  questionName,
} from "../names.ts";

/** Records of one list that are shown, and bytes. */
const MOST_RECORDS = 16;
const MOST_BYTES = 32;

/** One record, before the call or after it; "" if there is nothing to say about it. */
type Show = (view: DataView, isResult: boolean) => string;

const maskOf = (names: readonly string[]): string => (names.length === 0 ? "0" : names.join("|"));

function pollRecord(view: DataView, isResult: boolean): string {
  const fd = view.getInt32(POLL_RECORD_FD, true);
  const mask = view.getUint16(isResult ? POLL_RECORD_READY : POLL_RECORD_WANT, true);
  // poll(2) skips negative descriptors: gaps in the core's table.
  if (fd < 0 || (isResult && mask === 0)) return "";
  return `fd ${fd} ${maskOf(eventNames(mask))}`;
}

function readyRecord(view: DataView): string {
  const mask = view.getUint32(READY_RECORD_MASK, true);
  return `fd ${view.getInt32(READY_RECORD_FD, true)} ${maskOf(eventNames(mask))}`;
}

function keventRecord(view: DataView): string {
  const filter = view.getInt16(KEVENT_FILTER, true);
  const flags = view.getUint16(KEVENT_FLAGS, true);
  const fflags = view.getUint32(KEVENT_FFLAGS, true);
  const data = view.getBigInt64(KEVENT_DATA, true);
  const udata = view.getBigUint64(KEVENT_UDATA, true);
  const words = [filterName(filter), String(view.getBigUint64(KEVENT_IDENT, true))];
  if (flags !== 0) words.push(maskOf(flagNames(flags)));
  if (fflags !== 0) words.push(`fflags ${maskOf(noteNames(filter, fflags))}`);
  if (data !== 0n) words.push(`data ${data}`);
  if (udata !== 0n) words.push(`udata ${udata}`);
  return words.join(" ");
}

function statRecord(view: DataView): string {
  const kind = kindName(view.getUint32(STAT_KIND, true));
  const access = maskOf(accessNames(view.getUint32(STAT_FLAGS, true)));
  const ino = view.getBigUint64(STAT_INO, true);
  return `${kind} ${access} ino ${ino} bytes ${view.getBigInt64(STAT_BYTES, true)}`;
}

function dataRecord(view: DataView, isResult: boolean): string {
  const what = view.getUint32(DATA_WHAT, true);
  const question = `fd ${view.getInt32(DATA_FD, true)} ${questionName(what)}`;
  if (!isResult) return question;
  const error = view.getInt32(DATA_ERROR, true);
  if (error < 0) return `${question} -${describeErrno(-error)[0]}`;
  const state = (what & DATA_WITH_STATE) === 0 ? 0 : view.getUint32(DATA_STATE, true);
  const words = `${question} ${view.getBigInt64(DATA_VALUE, true)}`;
  return state === 0 ? words : `${words} state 0x${state.toString(16)}`;
}

const SHOWN: Record<Exclude<Address["record"], "byte">, Show> = {
  "poll record": pollRecord,
  "ready record": readyRecord,
  "kevent record": keventRecord,
  "stat record": statRecord,
  "data record": dataRecord,
};

function bytesOf(buffer: ArrayBuffer, at: number, count: number): string {
  const bytes = new Uint8Array(buffer, at, Math.min(count, MOST_BYTES));
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${count} bytes ${hex}${count > MOST_BYTES ? "…" : ""}`;
}

/**
 * Records in memory: "[fd 3 IN, fd 4 OUT]".
 *
 * @param address where they are, as WebAssembly passes an address
 * @param isResult whether to show what a call has written, not what it reads
 */
export function listOf(
  { record }: Address,
  memory: WebAssembly.Memory,
  address: number,
  count: number,
  isResult: boolean,
): string {
  const at = address >>> 0;
  const size = RECORD_SIZES[record];
  const buffer = memory.buffer as ArrayBuffer;
  if (count < 0 || at + count * size > buffer.byteLength) {
    return `(${count} at 0x${at.toString(16)}: outside the memory)`;
  }
  if (record === "byte") return bytesOf(buffer, at, count);
  const shown: string[] = [];
  let more = 0;
  for (let i = 0; i < count; i++) {
    const words = SHOWN[record](new DataView(buffer, at + i * size, size), isResult);
    if (words === "") continue;
    if (shown.length < MOST_RECORDS) shown.push(words);
    else more++;
  }
  if (more > 0) shown.push(`${more} more`);
  if (isResult && shown.length === 0) return "";
  return `[${shown.join(", ")}]`;
}
