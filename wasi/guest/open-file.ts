// Open files of a guest, as the calls on descriptors use them. Results are negative errnos of Linux.

import { EOPNOTSUPP } from "../../asm/abi.ts";
import type { Source } from "../source.ts";
import type { GuestFile, Holder } from "./files.ts";
import { TYPE_DATAGRAM, TYPE_STREAM } from "./preview1.ts";

/** What fd_filestat_get tells besides the type; times are 0. */
export interface FileStat {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly nlink: number;
  readonly bytes: bigint;
}

/** An open file of a guest. A call that it lacks is refused. No call blocks: -EAGAIN says that it would. */
export interface OpenFile extends GuestFile {
  /** fs_filetype of witx. Default: 0, unknown. */
  readonly filetype?: number;
  readonly isSocket?: boolean;
  readonly isTerminal?: boolean;
  /** Takes at most `buffer.length` bytes; returns how many, 0 at the end. */
  read?(buffer: Uint8Array): number;
  /** Gives bytes; returns how many were taken. */
  write?(bytes: Uint8Array): number;
  /** recv(2). More than `buffer.length` if a message was longer. */
  receive?(buffer: Uint8Array, isPeek: boolean): number;
  /** Whether a read that would block is at the end, although a read without blocking says -EAGAIN. */
  hasEnded?(): boolean;
  /** accept(2): a descriptor of the host. */
  accept?(): number;
  /** shutdown(2): SHUT_RD 0, SHUT_WR 1, SHUT_RDWR 2. */
  shutdown?(how: number): number;
  stat?(): FileStat | number;
  close(): void;
}

/** An object of JavaScript as an open file. */
export class SourceFile implements OpenFile {
  readonly isPollable = true;
  readonly holders = new Set<Holder>();
  readonly poll = -1;
  readonly source: Source;
  readonly filetype: number;
  readonly isSocket: boolean;

  constructor(source: Source) {
    this.source = source;
    this.filetype = source.filetype;
    this.isSocket = this.filetype === TYPE_DATAGRAM || this.filetype === TYPE_STREAM;
  }

  read(buffer: Uint8Array): number {
    return this.source.read(buffer);
  }

  write(bytes: Uint8Array): number {
    return this.source.write(bytes);
  }

  receive(buffer: Uint8Array, isPeek: boolean): number {
    return isPeek ? -EOPNOTSUPP : this.source.read(buffer);
  }

  shutdown(how: number): number {
    return this.source.shutdown(how);
  }

  close(): void {
    this.source.close();
  }
}
