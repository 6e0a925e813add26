// Observers of the descriptors that omnipoll/os closes, reads and writes.

import { EAGAIN, TRANSFER_BLOCKED, TRANSFER_SHUTDOWN } from "../asm/abi.ts";
import type { OsHost } from "./os.ts";

/** The observers of closes in this thread. */
const closeObservers: Array<(fd: number) => void> = [];

/** Calls `observer` before each close from now on. */
export function onClose(observer: (fd: number) => void): void {
  closeObservers.push(observer);
}

/** Calls every observer before the caller closes `fd`. */
export function announceClose(fd: number): void {
  for (const observer of closeObservers) observer(fd);
}

/** Called after a call that moved `bytes` bytes, or with TRANSFER_* in their place. */
export type TransferObserver = (fd: number, isRead: boolean, bytes: number) => void;

/** The observers of transfers, by the host that owns the descriptors. */
const transferObservers = new WeakMap<object, TransferObserver[]>();

/** Calls `observer` after every transfer by the omnipoll/os of `host` from now on. */
export function onTransfer(host: object, observer: TransferObserver): void {
  const known = transferObservers.get(host);
  if (known === undefined) transferObservers.set(host, [observer]);
  else known.push(observer);
}

/** MSG_OOB and MSG_PEEK: such a call takes nothing out of the stream that poll(2) looks at. */
const BESIDE_THE_STREAM = 0x1 | 0x2;

/** Wraps the calls that transfer data, so that the observers of `host` learn of each transfer. */
export function withObservers<Os extends OsHost>(os: Os, host: object): Os {
  function notify(fd: number, isRead: boolean, bytes: number): void {
    for (const observer of transferObservers.get(host) ?? []) observer(fd, isRead, bytes);
  }
  function afterRead(fd: number, result: number): number {
    if (result >= 0) notify(fd, true, result);
    else if (result === -EAGAIN) notify(fd, true, TRANSFER_BLOCKED);
    return result;
  }
  /** A write that is cut short counts as blocked: the kernel reports the room that comes later. */
  function afterWrite(fd: number, wanted: number, result: number): number {
    if (result >= 0 && result >= wanted) notify(fd, false, result);
    else if (result >= 0 || result === -EAGAIN) notify(fd, false, TRANSFER_BLOCKED);
    return result;
  }
  return {
    ...os,
    read: (fd: number, ...rest: [Uint8Array, number]) => afterRead(fd, os.read(fd, ...rest)),
    write: (fd: number, bytes: Uint8Array) => afterWrite(fd, bytes.byteLength, os.write(fd, bytes)),
    send: (fd: number, bytes: Uint8Array, flags: number) =>
      afterWrite(fd, bytes.byteLength, os.send(fd, bytes, flags)),
    recv(fd: number, buffer: Uint8Array, size: number, flags: number) {
      const result = os.recv(fd, buffer, size, flags);
      return flags & BESIDE_THE_STREAM ? result : afterRead(fd, result);
    },
    accept(fd: number, ...rest: [Uint8Array, Int32Array]) {
      const result = os.accept(fd, ...rest);
      afterRead(fd, result >= 0 ? 1 : result);
      return result;
    },
    shutdown(fd: number, how: number) {
      const result = os.shutdown(fd, how);
      if (result >= 0) notify(fd, false, TRANSFER_SHUTDOWN);
      return result;
    },
  };
}
