// Two connected sockets, for the self-test and for socketpair() of omnipoll/os.

import { randomUUID } from "node:crypto";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The path of a listener. A null byte keeps it out of the file system, where the system has such names. */
function pathOf(name: string): string {
  return process.platform === "linux" ? `\0${name}` : join(tmpdir(), name);
}

/** The number of a socket; -1 if Node does not tell. */
export function fdOf(socket: net.Socket): number {
  return (socket as unknown as { readonly _handle?: { readonly fd?: number } })._handle?.fd ?? -1;
}

/** Closes a socket, and its descriptor. */
export function ended(socket: net.Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once("close", () => resolve());
    socket.destroy();
  });
}

/** Makes two connected sockets, which read nothing. */
export async function openPair(): Promise<readonly [net.Socket, net.Socket]> {
  const server = net.createServer({ pauseOnConnect: true });
  const accepted = new Promise<net.Socket>((resolve, reject) => {
    server.once("connection", resolve);
    server.once("error", reject);
  });
  const path = pathOf(`omnipoll-${randomUUID()}`);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  const other = new net.Socket();
  // A socket that is not paused reads as soon as it is connected.
  other.pause();
  const connected = new Promise<void>((resolve, reject) => {
    other.once("error", reject);
    other.connect({ path }, resolve);
  });
  const [socket] = await Promise.all([accepted, connected]);
  server.close();
  return [socket, other];
}
