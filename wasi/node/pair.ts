// Two connected sockets, for the self-test.

import { randomUUID } from "node:crypto";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Two connected sockets of Node, which read nothing. */
export interface Pair {
  readonly fds: readonly [number, number];
  /** Closes the second, and the next time the first. */
  end(): Promise<void>;
}

/** The path of a listener. A null byte keeps it out of the file system, where the system has such names. */
function pathOf(name: string): string {
  return process.platform === "linux" ? `\0${name}` : join(tmpdir(), name);
}

const fdOf = (socket: net.Socket): number =>
  (socket as unknown as { readonly _handle?: { readonly fd?: number } })._handle?.fd ?? -1;

function ended(socket: net.Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once("close", () => resolve());
    socket.destroy();
  });
}

/** Makes a pair. @throws {Error} if the sockets have no numbers */
export async function openPair(): Promise<Pair> {
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
  const fds = [fdOf(socket), fdOf(other)] as const;
  if (fds.includes(-1)) throw new Error("a socket has no number");
  const open = [socket, other];
  return {
    fds,
    async end() {
      const last = open.pop();
      if (last !== undefined) await ended(last);
    },
  };
}
