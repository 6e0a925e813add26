// A source over a MessagePort.

import { EPIPE, EVENT_OUT } from "../../asm/abi.ts";
import type { Source } from "../source.ts";
import { bytesOf, EIO, EPROTO, Inbox, SHUT_RD, SHUT_WR, Watchers } from "./state.ts";

/** The part of MessagePort that a source needs, as browsers and Node have it. */
export interface Port {
  postMessage(message: unknown): void;
  addEventListener(type: string, listener: (event: Event) => void): void;
  removeEventListener(type: string, listener: (event: Event) => void): void;
  start(): void;
  close(): void;
  /** Only in Node. */
  ref?(): void;
  unref?(): void;
}

/** Takes a message that has arrived at a port, without the event loop (receiveMessageOnPort of Node). */
export type Receive = (port: Port) => { readonly message: unknown } | undefined;

/**
 * A descriptor that is a stream of bytes over a MessagePort: both ends may be such descriptors. A message is a
 * Uint8Array, another view, an ArrayBuffer or a string (UTF-8); where one ends does not show in the stream. `null` is
 * the end of the stream, which `shutdown` and `close` send. Any other message is the error EPROTO, and ends the
 * stream.
 *
 * A port tells nothing of the other side's backlog: the descriptor is always ready to be written to, until it or
 * the port is closed (EPIPE). `close` removes the listeners and closes the port.
 *
 * @param receive lets a guest that blocks its thread see messages; without it only a guest that is suspended does
 * @throws {TypeError} if `port` is no port
 */
export function fromPort(port: Port, receive: Receive | undefined): Source {
  if (typeof (port as Partial<Port> | null)?.postMessage !== "function" || !("start" in port)) {
    throw new TypeError("port must be a MessagePort");
  }
  const watchers = new Watchers();
  const inbox = new Inbox();
  let isShut = false;

  function take(message: unknown): void {
    const bytes = bytesOf(message);
    if (bytes !== undefined) inbox.push(bytes);
    else inbox.end(message === null ? 0 : EPROTO);
  }
  const onMessage = (event: Event): void => {
    take((event as MessageEvent<unknown>).data);
    watchers.notify();
  };
  const onError = (): void => {
    inbox.end(EIO);
    watchers.notify();
  };
  const onClose = (): void => {
    isShut = true;
    inbox.end();
    watchers.notify();
  };
  port.addEventListener("message", onMessage);
  port.addEventListener("messageerror", onError);
  port.addEventListener("close", onClose);
  port.start();
  // A port keeps the program running only while the guest waits for it.
  port.unref?.();
  watchers.onUse = (isWatched) => (isWatched ? port.ref?.() : port.unref?.());

  function shut(): void {
    if (isShut) return;
    isShut = true;
    port.postMessage(null);
    watchers.notify();
  }
  const source: Source = {
    filetype: 6,
    ready: () => inbox.ready | EVENT_OUT,
    readable: () => inbox.size,
    writable: () => -1,
    pendingError: () => inbox.error,
    read: (buffer) => inbox.read(buffer),
    write(bytes) {
      if (isShut) return -EPIPE;
      if (bytes.length > 0) port.postMessage(bytes.slice());
      return bytes.length;
    },
    watch: (changed) => watchers.add(changed),
    shutdown(how) {
      if (how !== SHUT_WR) inbox.drop();
      if (how !== SHUT_RD) shut();
      return 0;
    },
    close() {
      shut();
      inbox.drop();
      port.removeEventListener("message", onMessage);
      port.removeEventListener("messageerror", onError);
      port.removeEventListener("close", onClose);
      port.close();
    },
  };
  if (receive === undefined) return source;
  const pump = (): void => {
    for (let next = receive(port); next !== undefined; next = receive(port)) take(next.message);
  };
  return { ...source, pump };
}
