// What omnipoll/os reads and writes, as far as a core that observes descriptors has to know of it.

import { EAGAIN, TRANSFER_BLOCKED, TRANSFER_SHUTDOWN } from "../asm/abi.ts";
import type { OsHost } from "./os.ts";

/** Called after a call that moved so many bytes, or with TRANSFER_*. */
export type TransferListener = (fd: number, isRead: boolean, bytes: number) => void;

/** By the host whose descriptors they are. */
const listeners = new WeakMap<object, TransferListener[]>();

/** Calls `listener` after every transfer by the omnipoll/os of a host, from now on. */
export function onTransfer(host: object, listener: TransferListener): void {
  const known = listeners.get(host);
  if (known === undefined) listeners.set(host, [listener]);
  else known.push(listener);
}

/** MSG_OOB and MSG_PEEK: what is read so is not what there is to read. */
const BESIDE = 0x1 | 0x2;

/** The calls of an omnipoll/os that tell of what they transfer; the others are as they were. */
export function telling<Os extends OsHost>(os: Os, host: object): Os {
  function tell(fd: number, isRead: boolean, bytes: number): void {
    for (const listener of listeners.get(host) ?? []) listener(fd, isRead, bytes);
  }
  function tellOfRead(fd: number, result: number): number {
    if (result >= 0) tell(fd, true, result);
    else if (result === -EAGAIN) tell(fd, true, TRANSFER_BLOCKED);
    return result;
  }
  /** Where not everything was taken the kernel tells of the room there will be. */
  function tellOfWrite(fd: number, wanted: number, result: number): number {
    if (result >= 0 && result >= wanted) tell(fd, false, result);
    else if (result >= 0 || result === -EAGAIN) tell(fd, false, TRANSFER_BLOCKED);
    return result;
  }
  return {
    ...os,
    read: (fd: number, ...rest: [Uint8Array, number]) => tellOfRead(fd, os.read(fd, ...rest)),
    write: (fd: number, bytes: Uint8Array) =>
      tellOfWrite(fd, bytes.byteLength, os.write(fd, bytes)),
    send: (fd: number, bytes: Uint8Array, flags: number) =>
      tellOfWrite(fd, bytes.byteLength, os.send(fd, bytes, flags)),
    recv(fd: number, buffer: Uint8Array, size: number, flags: number) {
      const result = os.recv(fd, buffer, size, flags);
      return flags & BESIDE ? result : tellOfRead(fd, result);
    },
    accept(fd: number, ...rest: [Uint8Array, Int32Array]) {
      const result = os.accept(fd, ...rest);
      tellOfRead(fd, result >= 0 ? 1 : result);
      return result;
    },
    shutdown(fd: number, how: number) {
      const result = os.shutdown(fd, how);
      if (result >= 0) tell(fd, false, TRANSFER_SHUTDOWN);
      return result;
    },
  };
}
