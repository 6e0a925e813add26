// Names of Unix sockets: paths, and Linux's abstract namespace.

import { EINVAL } from "../../../asm/abi.ts";
import { decodePath } from "../../os.ts";
import { EADDRINUSE, ECONNREFUSED, ENAMETOOLONG } from "../kernel/constants.ts";
import { S_IFSOCK, SocketInode } from "../kernel/inode.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { perKernel } from "../kernel/per-kernel.ts";
import { AF_UNIX, type Socket, type SocketName } from "./socket.ts";
import { treeOf } from "../fs/tree.ts";

/** The name of an unbound socket. */
export const NO_NAME: Uint8Array = new Uint8Array(0);
/** Bytes of sun_path. */
const SUN_PATH_SIZE = 108;

/** The address of a Unix socket with this name. */
export function nameOf(text: Uint8Array): SocketName {
  return { family: AF_UNIX, text, port: 0 };
}

function keyOf(text: Uint8Array): string {
  return String.fromCharCode(...text);
}

/** The inode of a name that is a path. The inode stays in the tree when its socket is closed. */
class PathInode extends SocketInode {
  socket: Socket | undefined;
}

/** The names of all Unix sockets of one kernel: paths of the file tree, and the abstract namespace. */
export class UnixNames {
  readonly #kernel: Kernel;
  readonly #abstract = new Map<string, Socket>();
  #next = 0;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** Binds a socket to a name. Returns the name, or a negative errno. */
  add(text: Uint8Array, socket: Socket): Uint8Array | number {
    const bound = text.length === 0 ? this.#autobind() : text.slice();
    if (bound[0] !== 0) return this.#addPath(bound, socket);
    if (bound.length > SUN_PATH_SIZE) return -ENAMETOOLONG;
    const key = keyOf(bound);
    if (this.#abstract.has(key)) return -EADDRINUSE;
    this.#abstract.set(key, socket);
    return bound;
  }

  /** unix_bind_bsd: makes the inode. */
  #addPath(path: Uint8Array, socket: Socket): Uint8Array | number {
    if (path.length >= SUN_PATH_SIZE) return -ENAMETOOLONG;
    if (path.includes(0)) return -EINVAL;
    const tree = treeOf(this.#kernel);
    const found = tree.find(decodePath(path), false);
    if (typeof found === "number") return found;
    if (found.inode !== undefined) return -EADDRINUSE;
    const inode = new PathInode(this.#kernel, S_IFSOCK | (0o777 & ~tree.umask));
    inode.socket = socket;
    const made = tree.create(found, inode);
    return typeof made === "number" ? made : path;
  }

  /** unix_autobind: an unused name of the abstract namespace, five hexadecimal digits. */
  #autobind(): Uint8Array {
    const digits = (this.#next++).toString(16).padStart(5, "0");
    return Uint8Array.of(0, ...Array.from(digits, (digit) => digit.charCodeAt(0)));
  }

  /** The socket with a name, or a negative errno. */
  find(text: Uint8Array): Socket | number {
    if (text.length === 0) return -EINVAL;
    if (text.length + (text[0] === 0 ? 0 : 1) > SUN_PATH_SIZE) return -ENAMETOOLONG;
    if (text[0] === 0) return this.#abstract.get(keyOf(text)) ?? -ECONNREFUSED;
    const inode = treeOf(this.#kernel).inode(decodePath(text));
    if (typeof inode === "number") return inode;
    return (inode instanceof PathInode ? inode.socket : undefined) ?? -ECONNREFUSED;
  }

  /**
   * Releases the name of a closed socket. Does nothing if the name belongs to another socket: an accepted
   * socket has the name of its listener.
   */
  remove(text: Uint8Array, socket: Socket): void {
    if (text[0] === 0) {
      const key = keyOf(text);
      if (this.#abstract.get(key) === socket) this.#abstract.delete(key);
      return;
    }
    const inode = treeOf(this.#kernel).inode(decodePath(text));
    if (inode instanceof PathInode && inode.socket === socket) inode.socket = undefined;
  }
}

/** The names of a kernel. */
export const namesOf = perKernel((kernel) => new UnixNames(kernel));
