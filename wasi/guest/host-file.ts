// A descriptor of the host as an open file of a guest. No call of it blocks the thread, whatever the mode of the
// host's descriptor is: the guest's calls wait by themselves, so that they can be suspended.

import {
  ACCESS_READ,
  ACCESS_WRITE,
  DATA_COUNTER,
  DATA_ERROR,
  DATA_FD,
  DATA_VALUE,
  DATA_WHAT,
  EAGAIN,
  EBADF,
  EINVAL,
  EVENT_IN,
  EVENT_OUT,
  EVENT_RDHUP,
  FD_DATAGRAM,
  FD_DIRECTORY,
  FD_EVENTFD,
  FD_FILE,
  FD_LISTENER,
  FD_PIPE,
  FD_STREAM,
  FD_TERMINAL,
  STAT_BYTES,
  STAT_DEV,
  STAT_FLAGS,
  STAT_INO,
  STAT_KIND,
  STAT_NLINK,
  STAT_SIZE,
} from "../../asm/abi.ts";
import type { Host } from "../../host/host.ts";
import { filetypeOf } from "../filetype.ts";
import { slotOf } from "../slots.ts";
import type { Waiter } from "../wait.ts";
import { failureOf } from "./failure.ts";
import type { Holder } from "./files.ts";
import type { OsObject } from "./module.ts";
import type { FileStat, OpenFile } from "./open-file.ts";

const COUNTER_SIZE = 8;
/** The counter of an eventfd is not higher. */
const MOST_COUNT = 2n ** 64n - 2n;
const MSG_PEEK = 0x2;
const MSG_DONTWAIT = 0x40;
/** A pipe or a terminal that poll(2) calls writable takes so many bytes without a wait (PIPE_BUF). */
const PIPE_BUF = 4096;

const records = new WebAssembly.Memory({ initial: 1 });

/** The kind of a descriptor of the host, FD_*, or a negative errno. */
export function kindOf(host: Pick<Host, "fd_stat">, fd: number): number {
  const result = host.fd_stat(records, fd, 0);
  return result < 0 ? result : new DataView(records.buffer).getUint32(STAT_KIND, true);
}

/** What a file needs of its guest. */
export interface HostFileContext {
  readonly host: Pick<Host, "fd_data" | "fd_stat">;
  readonly os: OsObject;
  readonly waiter: Waiter;
}

export class HostFile implements OpenFile {
  readonly isPollable: boolean;
  readonly holders = new Set<Holder>();
  readonly poll: number;
  readonly filetype: number;
  readonly isSocket: boolean;
  readonly isTerminal: boolean;
  readonly #kind: number;
  readonly #context: HostFileContext;
  readonly #isOwned: boolean;
  /** ACCESS_* bits, once they are known. */
  #access: number | undefined;

  /**
   * @param kind FD_*
   * @param isOwned whether the host's descriptor is closed with the file
   * @param isAlways whether nobody asks the host whether it is ready
   */
  constructor(
    context: HostFileContext,
    fd: number,
    kind: number,
    isOwned: boolean,
    isAlways = false,
  ) {
    this.#context = context;
    this.poll = fd;
    this.#kind = kind;
    this.#isOwned = isOwned;
    this.filetype = filetypeOf(kind);
    this.isSocket = kind === FD_STREAM || kind === FD_LISTENER || kind === FD_DATAGRAM;
    this.isTerminal = kind === FD_TERMINAL;
    this.isPollable = !isAlways && kind !== FD_FILE && kind !== FD_DIRECTORY;
  }

  /** Whether the host's descriptor has an event now, or is always ready. */
  #has(event: number): boolean {
    if (!this.isPollable) return true;
    const slot = slotOf(this.poll, event);
    return this.#context.waiter.poll({ slots: [slot], ms: 0 }) !== 0;
  }

  /**
   * The errno of a read or write that must wait: the end of a pipe for the other direction never has it, and the
   * call fails there.
   */
  #wouldBlock(access: number): number {
    if (this.#access === undefined) {
      const result = this.#context.host.fd_stat(records, this.poll, 0);
      if (result < 0) return result;
      this.#access = new DataView(records.buffer).getUint32(STAT_FLAGS, true);
    }
    return this.#access & access ? -EAGAIN : -EBADF;
  }

  #attempt(body: () => number): number {
    try {
      return body();
    } catch (error) {
      return failureOf(error);
    }
  }

  read(buffer: Uint8Array): number {
    if (this.isSocket) return this.receive(buffer, false);
    // eventfd_read looks at the room first.
    if (this.#kind === FD_EVENTFD && buffer.length < COUNTER_SIZE) return -EINVAL;
    if (!this.#has(EVENT_IN)) return this.#wouldBlock(ACCESS_READ);
    return this.#attempt(() => {
      const bytes = this.#context.os.read(this.poll, buffer.length);
      buffer.set(bytes);
      return bytes.length;
    });
  }

  write(bytes: Uint8Array): number {
    const { os } = this.#context;
    if (this.isSocket) return this.#attempt(() => os.send(this.poll, bytes, MSG_DONTWAIT));
    const hasRoom = this.#kind === FD_EVENTFD ? this.#canAdd(bytes) : this.#has(EVENT_OUT);
    if (!hasRoom) return this.#wouldBlock(ACCESS_WRITE);
    const isShort = this.#kind === FD_PIPE || this.isTerminal;
    return this.#attempt(() => {
      const most = isShort && os.get_blocking(this.poll) ? PIPE_BUF : bytes.length;
      return os.write(this.poll, bytes.subarray(0, most));
    });
  }

  /**
   * Whether eventfd_write would not block the thread. poll(2) calls an eventfd writable while 1 can be added,
   * whatever is to be added.
   */
  #canAdd(bytes: Uint8Array): boolean {
    // The kernel refuses these at once.
    if (bytes.length < COUNTER_SIZE) return true;
    const value = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
    if (value > MOST_COUNT) return true;
    if (!this.#has(EVENT_OUT)) return false;
    const view = new DataView(records.buffer);
    view.setInt32(DATA_FD, this.poll, true);
    view.setUint32(DATA_WHAT, DATA_COUNTER, true);
    const result = this.#context.host.fd_data(records, 0, 1);
    const isKnown = result >= 0 && view.getInt32(DATA_ERROR, true) === 0;
    return !isKnown || value <= MOST_COUNT - view.getBigUint64(DATA_VALUE, true);
  }

  receive(buffer: Uint8Array, isPeek: boolean): number {
    const flags = MSG_DONTWAIT | (isPeek ? MSG_PEEK : 0);
    return this.#attempt(() => {
      // One byte more tells whether a datagram is longer than the buffer.
      const more = this.#kind === FD_DATAGRAM ? 1 : 0;
      const bytes = this.#context.os.recv(this.poll, buffer.length + more, flags);
      buffer.set(bytes.subarray(0, buffer.length));
      return bytes.length;
    });
  }

  /** A socket for datagrams whose reading half is shut down (__skb_wait_for_more_packets). */
  hasEnded(): boolean {
    if (this.#kind !== FD_DATAGRAM) return false;
    const slot = slotOf(this.poll, EVENT_RDHUP);
    return (
      this.#context.waiter.poll({ slots: [slot], ms: 0 }) > 0 && (slot.ready & EVENT_RDHUP) !== 0
    );
  }

  accept(): number {
    if (!this.#has(EVENT_IN)) return -EAGAIN;
    return this.#attempt(() => this.#context.os.accept(this.poll)[0]);
  }

  shutdown(how: number): number {
    return this.#attempt(() => {
      this.#context.os.shutdown(this.poll, how);
      return 0;
    });
  }

  stat(): FileStat | number {
    const result = this.#context.host.fd_stat(records, this.poll, 0);
    if (result < 0) return result;
    const view = new DataView(records.buffer, 0, STAT_SIZE);
    return {
      dev: view.getBigUint64(STAT_DEV, true),
      ino: view.getBigUint64(STAT_INO, true),
      nlink: view.getUint32(STAT_NLINK, true),
      bytes: view.getBigInt64(STAT_BYTES, true),
    };
  }

  close(): void {
    if (!this.#isOwned) return;
    try {
      this.#context.os.close(this.poll);
    } catch {
      // The host has closed it already; the guest's number is free all the same.
    }
  }
}
