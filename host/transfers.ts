// What omnipoll/os reads and writes, as far as a core that observes descriptors has to know of it.

import { EAGAIN } from "../asm/abi.ts";
import type { OsHost } from "./os.ts";

/** Called after a call that read or wrote so many bytes; -1: it would have blocked. */
export type TransferListener = (fd: number, isRead: boolean, bytes: number) => void;

/** By the host whose descriptors they are. */
const listeners = new WeakMap<object, TransferListener[]>();

/** Calls `listener` after every transfer by the omnipoll/os of a host, from now on. */
export function onTransfer(host: object, listener: TransferListener): void {
  const known = listeners.get(host);
  if (known === undefined) listeners.set(host, [listener]);
  else known.push(listener);
}

const MSG_PEEK = 2;

/** The calls of an omnipoll/os that tell of what they transfer; the others are as they were. */
export function telling<Os extends OsHost>(os: Os, host: object): Os {
  function tell(fd: number, isRead: boolean, result: number): number {
    const told = listeners.get(host);
    const bytes = result === -EAGAIN ? -1 : result;
    if (told === undefined || bytes < -1) return result;
    for (const listener of told) listener(fd, isRead, bytes);
    return result;
  }
  return {
    ...os,
    read: (fd: number, ...rest: [Uint8Array, number]) => tell(fd, true, os.read(fd, ...rest)),
    write: (fd: number, bytes: Uint8Array) => tell(fd, false, os.write(fd, bytes)),
    send: (fd: number, ...rest: [Uint8Array, number]) => tell(fd, false, os.send(fd, ...rest)),
    recv(fd: number, buffer: Uint8Array, size: number, flags: number) {
      const result = os.recv(fd, buffer, size, flags);
      return flags & MSG_PEEK ? result : tell(fd, true, result);
    },
    accept(fd: number, ...rest: [Uint8Array, Int32Array]) {
      const result = os.accept(fd, ...rest);
      return result === -EAGAIN ? tell(fd, true, result) : result;
    },
  };
}
