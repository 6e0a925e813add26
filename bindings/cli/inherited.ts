// The descriptors that this process inherited: those that are open and not Node's own. A shell script
// that forgot to open descriptor 9 would otherwise wait for a descriptor of Node's, for ever.

import { existsSync, fstatSync, lstatSync, readdirSync, readlinkSync } from "node:fs";

const FDS = "/proc/self/fd";
const LOOPS = new Set(["anon_inode:[eventpoll]", "anon_inode:[io_uring]"]);

/** An open descriptor. */
interface Open {
  readonly fd: number;
  /** The link of the descriptor in /proc, e.g. "pipe:[4711]". */
  readonly what: string;
  /** The permissions of that link, which are those of the descriptor. */
  readonly mode: number;
}

/** Returns all open descriptors by number; none on a system without /proc. */
function openDescriptors(): Open[] {
  const open: Open[] = [];
  for (const name of existsSync(FDS) ? readdirSync(FDS) : []) {
    try {
      const path = `${FDS}/${name}`;
      open.push({ fd: Number(name), what: readlinkSync(path), mode: lstatSync(path).mode });
    } catch {
      // readdir's own descriptor is closed by now.
    }
  }
  return open.sort((a, b) => a.fd - b.fd);
}

/**
 * Returns Node's own descriptors: the epolls of its loops, and the pipes and eventfds that wake them.
 * Node opens its first epoll before the others, and keeps both ends of its pipes.
 */
function ownDescriptors(): Set<number> {
  const own = new Set<number>();
  const ends = new Map<string, Open>();
  for (const open of openDescriptors()) {
    const { fd, what, mode } = open;
    const isWaker = what === "anon_inode:[eventfd]" && own.size > 0;
    if (isWaker || LOOPS.has(what)) own.add(fd);
    if (!what.startsWith("pipe:")) continue;
    const other = ends.get(what);
    if (other !== undefined && other.mode !== mode) own.add(fd).add(other.fd);
    ends.set(what, open);
  }
  return own;
}

/** Whether `fd` is open, and is not one of Node's own descriptors. */
export function isInherited(fd: number): boolean {
  try {
    fstatSync(fd);
  } catch {
    return false;
  }
  return fd <= 2 || !ownDescriptors().has(fd);
}
