// A source over a WebSocket.

import { EAGAIN, EPIPE, EVENT_OUT } from "../../asm/abi.ts";
import type { Source } from "../source.ts";
import {
  bytesOf,
  ECONNREFUSED,
  ECONNRESET,
  EPROTO,
  Inbox,
  SHUT_RD,
  SHUT_WR,
  Watchers,
} from "./state.ts";

/** The part of WebSocket that a source needs. */
export interface Socket {
  readonly readyState: number;
  readonly bufferedAmount: number;
  binaryType: string;
  send(bytes: Uint8Array<ArrayBuffer>): void;
  close(): void;
  addEventListener(type: string, listener: (event: Event) => void): void;
  removeEventListener(type: string, listener: (event: Event) => void): void;
}

const [CONNECTING, OPEN] = [0, 1];
/** The descriptor is ready to be written to while the socket has fewer bytes to send. */
const MOST = 65_536;
/** A socket tells no end of its backlog: it is asked so often while a guest waits. */
const RESCAN_MS = 10;
/** The close code of a connection that broke. */
const ABNORMAL = 1006;

/**
 * A descriptor over a WebSocket. By default it is a stream of bytes: the bytes of all messages, text as UTF-8, one
 * after the other. With `datagrams` it is a datagram socket: a read takes one message, and drops the bytes for which
 * it has no room. Each write sends one binary message.
 *
 * The descriptor is ready to be written to once the socket is open and less than 64 KiB wait to be sent. The close of
 * the socket is the end of the stream; after a connection that broke, a read returns ECONNRESET, after one that never
 * opened ECONNREFUSED. A WebSocket cannot slow down its peer: messages that the guest does not read stay in
 * memory. `close` removes the listeners and closes the socket; `shutdown` of writing closes it, too, since a WebSocket
 * has no half-close. Sets `binaryType` to "arraybuffer".
 *
 * @throws {TypeError} if `socket` is no WebSocket, or an option is unknown
 */
export function fromWebSocket(socket: Socket, options: { datagrams?: boolean } = {}): Source {
  if (typeof (socket as Partial<Socket> | null)?.send !== "function" || !("readyState" in socket)) {
    throw new TypeError("socket must be a WebSocket");
  }
  const unknown = Object.keys(options).find((name) => name !== "datagrams");
  if (unknown !== undefined) throw new TypeError(`unknown option ${unknown}`);
  const { datagrams = false } = options;
  socket.binaryType = "arraybuffer";
  const watchers = new Watchers();
  const inbox = new Inbox(datagrams);
  let wasOpen = socket.readyState === OPEN;
  let timer: ReturnType<typeof setInterval> | undefined;

  const listeners = {
    open(): void {
      wasOpen = true;
      watchers.notify();
    },
    message(event: Event): void {
      const bytes = bytesOf((event as MessageEvent<unknown>).data);
      if (bytes === undefined) inbox.end(EPROTO);
      else inbox.push(bytes);
      watchers.notify();
    },
    close(event: Event): void {
      const { code } = event as CloseEvent;
      if (!wasOpen) inbox.end(ECONNREFUSED);
      else inbox.end(code === ABNORMAL ? ECONNRESET : 0);
      watchers.notify();
    },
  };
  for (const [type, listener] of Object.entries(listeners)) socket.addEventListener(type, listener);
  if (socket.readyState > OPEN) inbox.end();
  watchers.onUse = (isWatched) => {
    clearInterval(timer);
    let wasFull = socket.bufferedAmount >= MOST;
    timer = isWatched
      ? setInterval(() => {
          const isFull = socket.bufferedAmount >= MOST;
          if (wasFull && !isFull) watchers.notify();
          wasFull = isFull;
        }, RESCAN_MS)
      : undefined;
  };

  const isShut = (): boolean => socket.readyState > OPEN;
  const room = (): number => (socket.readyState === OPEN ? MOST - socket.bufferedAmount : 0);
  return {
    filetype: datagrams ? 5 : 6,
    ready: () => inbox.ready | (isShut() || room() > 0 ? EVENT_OUT : 0),
    readable: () => inbox.size,
    writable: () => Math.max(room(), 0),
    pendingError: () => inbox.error,
    read: (buffer) => inbox.read(buffer),
    write(bytes) {
      if (isShut()) return -EPIPE;
      if (socket.readyState === CONNECTING || room() <= 0) return -EAGAIN;
      if (bytes.length > 0 || datagrams) socket.send(bytes.slice());
      return bytes.length;
    },
    watch: (changed) => watchers.add(changed),
    shutdown(how) {
      if (how !== SHUT_WR) inbox.drop();
      if (how !== SHUT_RD) socket.close();
      return 0;
    },
    close() {
      inbox.drop();
      for (const [type, listener] of Object.entries(listeners)) {
        socket.removeEventListener(type, listener);
      }
      clearInterval(timer);
      socket.close();
    },
  };
}
