// Handles of libuv, as Node's own streams have them. What is used here of Node is undocumented, and checked before the
// first use: a stream that is given a buffer of no bytes reports UV_ENOBUFS where it would read, and has read nothing
// (uv__read). So a handle tells that a descriptor is readable, and leaves every byte where it is.

import net from "node:net";

/** The parts of a handle of Node's class `Pipe` that are used. Calls return 0 or a negative error number of libuv. */
export interface Handle {
  open(fd: number): number;
  useUserBuffer(buffer: Uint8Array): void;
  readStart(): number;
  readStop(): number;
  unref(): void;
  /** Called in the place of each read. */
  onread: () => void;
}

type HandleClass = new (type: number) => Handle;

/** PipeConstants.SOCKET: a stream that passes no descriptors. */
const SOCKET = 0;
const METHODS = ["open", "useUserBuffer", "readStart", "readStop", "unref"] as const;
const NOTHING = new Uint8Array(0);

/** The class of the handle of a connection, which fails at once: nothing is below a device. */
function handleClass(): HandleClass {
  const socket = net.connect({ path: "/dev/null/none" });
  socket.on("error", () => {});
  const handle = (socket as unknown as { readonly _handle?: Handle | null })._handle;
  const Pipe = handle?.constructor as HandleClass | undefined;
  socket.destroy();
  if (Pipe === undefined) throw new Error("a connection has no handle");
  const missing = METHODS.filter((name) => typeof Pipe.prototype[name] !== "function");
  if (missing.length > 0) throw new Error(`a handle lacks ${missing.join(", ")}`);
  return Pipe;
}

let known: HandleClass | undefined;

/** Makes a handle without a descriptor. @throws {Error} if the handles of this Node are not as expected */
export function makeHandle(onReadable: () => void): Handle {
  known ??= handleClass();
  const handle = new known(SOCKET);
  handle.useUserBuffer(NOTHING);
  handle.onread = onReadable;
  return handle;
}
