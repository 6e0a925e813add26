// Names of Unix sockets: paths, and Linux's abstract namespace.

import { EINVAL, ENOENT } from "../../asm/abi.ts";
import { EADDRINUSE, ECONNREFUSED, ENAMETOOLONG } from "./constants.ts";
import { partOf } from "./part.ts";
import { AF_UNIX, type SocketName } from "./socket.ts";
import type { UnixSocket } from "./unix.ts";

/** The name of a socket that has none. */
export const NO_NAME: Uint8Array = new Uint8Array(0);
/** Bytes of sun_path. */
const ROOM = 108;

export function nameOf(text: Uint8Array): SocketName {
  return { family: AF_UNIX, text, port: 0 };
}

function keyOf(text: Uint8Array): string {
  return String.fromCharCode(...text);
}

/** All names of one kernel. A path stays when its socket is closed, as a file does. */
export class UnixNames {
  readonly #sockets = new Map<string, UnixSocket | undefined>();
  #next = 0;

  /** Gives a socket a name: the text it is bound to, or a negative errno. */
  add(text: Uint8Array, socket: UnixSocket): Uint8Array | number {
    const bound = text.length === 0 ? this.#chosen() : text.slice();
    const isPath = bound[0] !== 0;
    if (bound.length + (isPath ? 1 : 0) > ROOM) return -ENAMETOOLONG;
    if (isPath && bound.includes(0)) return -EINVAL;
    const key = keyOf(bound);
    if (this.#sockets.has(key)) return -EADDRINUSE;
    this.#sockets.set(key, socket);
    return bound;
  }

  /** A name in the abstract namespace that nobody has: five hexadecimal digits. */
  #chosen(): Uint8Array {
    const digits = (this.#next++).toString(16).padStart(5, "0");
    return Uint8Array.of(0, ...Array.from(digits, (digit) => digit.charCodeAt(0)));
  }

  /** The socket with a name, or a negative errno. */
  find(text: Uint8Array): UnixSocket | number {
    if (text.length === 0) return -EINVAL;
    if (text.length + (text[0] === 0 ? 0 : 1) > ROOM) return -ENAMETOOLONG;
    const key = keyOf(text);
    const socket = this.#sockets.get(key);
    if (socket !== undefined) return socket;
    return this.#sockets.has(key) || text[0] === 0 ? -ECONNREFUSED : -ENOENT;
  }

  /** A socket with a name is closed. */
  leave(text: Uint8Array, socket: UnixSocket): void {
    const key = keyOf(text);
    if (this.#sockets.get(key) !== socket) return; // an accepted one has its listener's name
    if (text[0] === 0) this.#sockets.delete(key);
    else this.#sockets.set(key, undefined);
  }

  /** Removes a path, whether its socket is open or not. False if there is no such path. */
  unlink(path: Uint8Array): boolean {
    return this.#sockets.delete(keyOf(path));
  }
}

/** The names of a kernel. */
export const namesOf = partOf(() => new UnixNames());
