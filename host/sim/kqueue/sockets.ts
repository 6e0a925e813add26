// EVFILT_READ, EVFILT_WRITE and EVFILT_EMPTY of sockets (filt_soread, filt_sowrite, filt_soempty). The
// room that makes a socket writable depends on the protocol, as for poll(2).

import {
  DATA_SENDABLE,
  EINVAL,
  EV_EOF,
  EVENT_IN,
  EVENT_OUT,
  FD_DATAGRAM,
  FD_LISTENER,
  FD_STREAM,
  NOTE_LOWAT,
} from "../../../asm/abi.ts";
import type { File } from "../kernel/file.ts";
import type { Kevent, Knote, KnoteQueue } from "./knote.ts";
import { WatchingKnote } from "./watching.ts";
import { SHUT_RECEIVE, SHUT_SEND, type Socket } from "../net/socket.ts";
import { KEY_ROOM } from "../kernel/wait-queue.ts";

/** filt_soread. */
export class SocketReadKnote extends WatchingKnote {
  declare readonly file: Socket;

  #hasListened = false;

  event(): boolean {
    const { file } = this;
    this.flags &= ~EV_EOF;
    this.fflags = 0;
    if (file.isListening) {
      this.#hasListened = true;
      this.data = file.acceptQueueLength;
      return file.error !== 0 ? this.end(file.error) : file.acceptQueueLength > 0;
    }
    // A listener that was shut down no longer listens: its knote reports EOF.
    if (this.#hasListened) return this.end(file.error);
    this.data = file.payload;
    if ((file.shut & SHUT_RECEIVE) !== 0) return this.end(file.error);
    if (file.error !== 0) return true;
    if ((this.sfflags & NOTE_LOWAT) !== 0) return this.data >= this.sdata;
    return (file.poll() & EVENT_IN) !== 0;
  }
}

/** filt_sowrite. */
export class SocketWriteKnote extends WatchingKnote {
  declare readonly file: Socket;

  override wake(key: number): boolean {
    if (key !== KEY_ROOM) return super.wake(key);
    if ((this.sfflags & NOTE_LOWAT) !== 0) this.notify();
    return false;
  }

  event(): boolean {
    const { file } = this;
    this.flags &= ~EV_EOF;
    this.fflags = 0;
    if (file.isListening) return false;
    this.data = file.data(DATA_SENDABLE) as number;
    if ((file.shut & SHUT_SEND) !== 0) return this.end(file.error);
    if (file.error !== 0) return true;
    if (!file.isConnected) return false;
    if ((this.sfflags & NOTE_LOWAT) !== 0) return this.data >= this.sdata;
    return (file.poll() & EVENT_OUT) !== 0;
  }
}

/** filt_soempty: the send buffer is empty. Python has no name for the filter. */
class SocketEmptyKnote extends WatchingKnote {
  declare readonly file: Socket;

  event(): boolean {
    const { file } = this;
    if (file.isListening) return true;
    this.data = file.queuedBytes;
    return this.data === 0;
  }
}

/** A knote of EMPTY on `file`, not attached yet, or -EINVAL if `file` is no socket. */
export function makeEmptyKnote(queue: KnoteQueue, change: Kevent, file: File): Knote | number {
  const isSocket =
    file.kind === FD_STREAM || file.kind === FD_LISTENER || file.kind === FD_DATAGRAM;
  return isSocket ? new SocketEmptyKnote(queue, change, file, EVENT_OUT | KEY_ROOM) : -EINVAL;
}
