// EVFILT_READ and EVFILT_WRITE of sockets (filt_soread, filt_sowrite). How much room makes a
// socket writable is up to the protocol, as for poll(2).

import { DATA_SENDABLE, EV_EOF, EVENT_IN, EVENT_OUT, NOTE_LOWAT } from "../../asm/abi.ts";
import { WatchingKnote } from "./kqueue-watching.ts";
import { SHUT_RECEIVE, SHUT_SEND, type Socket } from "./socket.ts";
import { KEY_ROOM } from "./wait-queue.ts";

export class SocketReadKnote extends WatchingKnote {
  declare readonly file: Socket;

  #hasListened = false;

  event(): boolean {
    const { file } = this;
    this.flags &= ~EV_EOF;
    this.fflags = 0;
    if (file.isListening) {
      this.#hasListened = true;
      this.data = file.waiting;
      return file.error !== 0 ? this.end(file.error) : file.waiting > 0;
    }
    // A listener that was shut down is not one any more.
    if (this.#hasListened) return this.end(file.error);
    this.data = file.payload;
    if ((file.shut & SHUT_RECEIVE) !== 0) return this.end(file.error);
    if (file.error !== 0) return true;
    if ((this.sfflags & NOTE_LOWAT) !== 0) return this.data >= this.sdata;
    return (file.poll() & EVENT_IN) !== 0;
  }
}

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
