// The words of a scenario's steps as numbers of the kernel, and outcomes as words. recordings/machine.py has
// the same tables.

import { type Event, OSError } from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { constants } from "../support/files.ts";

/** Names of the bits of a mask, in the order in which a mask is written. */
const BITS: ReadonlyArray<readonly [name: string, bit: number]> = [
  ["IN", 1],
  ["PRI", 2],
  ["OUT", 4],
  ["ERR", 8],
  ["HUP", 16],
  ["NVAL", 32],
  ["RDNORM", 64],
  ["RDBAND", 128],
  ["WRNORM", 256],
  ["WRBAND", 512],
  ["MSG", 1024],
  ["RDHUP", 0x2000],
  ["EXCLUSIVE", 2 ** 28],
  ["WAKEUP", 2 ** 29],
  ["ONESHOT", 2 ** 30],
  ["ET", 2 ** 31],
];
/** The bits of poll(2) and EPOLLRDHUP, which every wait for a state asks for. */
export const EVERY_BIT = 0x27ff;

export const TYPES: Record<string, number> = {
  stream: os.SOCK_STREAM,
  dgram: os.SOCK_DGRAM,
  seqpacket: os.SOCK_SEQPACKET,
};
export const FAMILIES: Record<string, number> = { inet: os.AF_INET, unix: os.AF_UNIX };
export const HOW: Record<string, number> = { rd: os.SHUT_RD, wr: os.SHUT_WR, rdwr: os.SHUT_RDWR };
export const MESSAGE: Record<string, number> = { none: 0, oob: os.MSG_OOB, peek: os.MSG_PEEK };
/** SO_RCVLOWAT and SO_OOBINLINE, for which omnipoll/os has no names. */
export const OPTIONS: Record<string, number> = { rcvlowat: 18, oobinline: 10 };
/** Access modes of open(2). */
export const ACCESS: Record<string, number> = {
  r: constants.O_RDONLY,
  w: constants.O_WRONLY,
  rw: constants.O_RDWR,
};

/** The mask of some words: "IN|HUP". */
export function maskOf(text: string): number {
  if (text === "0") return 0;
  let mask = 0;
  for (const name of text.split("|")) mask += BITS.find(([known]) => known === name)?.[1] as number;
  return mask;
}

/** A mask in words: "IN|HUP". */
export function namesOf(mask: number): string {
  const names: string[] = [];
  let rest = mask;
  for (const [name, bit] of BITS) {
    if (Math.floor(mask / bit) % 2 === 0) continue;
    names.push(name);
    rest -= bit;
  }
  if (rest !== 0) names.push(`0x${rest.toString(16)}`);
  return names.join("|") || "0";
}

/** The masks of some events in words, without the descriptors: "IN|HUP OUT". */
export function masksOf(events: readonly Event[]): string {
  return events.map(([, mask]) => namesOf(mask)).join(" ") || "-";
}

/** An exception in words: "FileExistsError EEXIST". */
export function errorText(error: unknown): string {
  const { name, code } = error as Error & { code?: unknown };
  return typeof code === "string" && error instanceof OSError ? `${name} ${code}` : name;
}
