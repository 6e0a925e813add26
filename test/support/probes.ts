// Descriptors in known states, and what poll and select report for a descriptor without waiting.

import {
  type OSError,
  poll,
  POLLIN,
  POLLOUT,
  POLLRDNORM,
  POLLWRNORM,
  select,
} from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";

/** Every bit of poll(2). */
export const EVERYTHING = 0xffff;
/** The mask that most kinds of descriptor report when they can be read. */
export const READABLE = POLLIN | POLLRDNORM;
/** The mask that most kinds of descriptor report when they can be written. */
export const WRITABLE = POLLOUT | POLLWRNORM;

/** The mask that poll reports for `fd` at once; 0 without an event. */
export function maskOf(fd: number, eventmask = EVERYTHING): number {
  const p = poll();
  p.register(fd, eventmask);
  return p.poll(0)[0]?.[1] ?? 0;
}

/** How often each list of select has `fd` at once: `[readable, writable, exceptional]`. */
export function setsOf(fd: number): number[] {
  return select([fd], [fd], [fd], 0).map((ready) => ready.length);
}

/** Closes descriptors. */
export function closeAll(...fds: readonly number[]): void {
  for (const fd of fds) os.close(fd);
}

/** A pipe whose ends are non-blocking. */
export function newPipe(): [r: number, w: number] {
  const [r, w] = os.pipe();
  os.set_blocking(r, false);
  os.set_blocking(w, false);
  return [r, w];
}

/** Writes until the kernel takes no more; returns how many bytes that were. */
export function fill(fd: number, chunk = 65536): number {
  const bytes = new Uint8Array(chunk);
  let total = 0;
  for (;;) {
    try {
      total += os.write(fd, bytes);
    } catch (error) {
      if ((error as OSError).code === "EAGAIN") return total;
      throw error;
    }
  }
}

/** A TCP socket that listens on a free port of `host`, and its address. */
export function listenOn(host: string, backlog?: number): { fd: number; address: os.Address } {
  const fd = os.socket(host.includes(":") ? os.AF_INET6 : os.AF_INET, os.SOCK_STREAM);
  os.bind(fd, [host, 0]);
  if (backlog === undefined) os.listen(fd);
  else os.listen(fd, backlog);
  return { fd, address: os.getsockname(fd) };
}

/** A TCP socket that listens on a free port of the loopback interface, and that port. */
export function newListener(): { listener: number; port: number } {
  const { fd, address } = listenOn("127.0.0.1", 8);
  return { listener: fd, port: (address as [string, number])[1] };
}

/** Two ends of a TCP connection. */
export function newConnection(): [client: number, server: number] {
  const { listener, port } = newListener();
  const client = os.socket(os.AF_INET, os.SOCK_STREAM);
  os.connect(client, ["127.0.0.1", port]);
  const [server] = os.accept(listener);
  os.close(listener);
  return [client, server];
}

/** A TCP socket whose connection was refused. */
export function newRefused(): number {
  const { listener, port } = newListener();
  os.close(listener);
  const fd = os.socket(os.AF_INET, os.SOCK_STREAM | os.SOCK_NONBLOCK);
  try {
    os.connect(fd, ["127.0.0.1", port]);
  } catch (error) {
    if ((error as OSError).code !== "EINPROGRESS") throw error;
  }
  return fd;
}

export { settle } from "./descriptors.ts";

/** A descriptor number that is not open. */
export function closedNumber(): number {
  const [r, w] = os.pipe();
  closeAll(r, w);
  return w;
}
