// Which descriptors this process was started with: those that are open and not Node's own. A shell
// script that forgot to open descriptor 9 would otherwise wait for one of Node's, for ever.

import { existsSync, fstatSync, lstatSync, readdirSync, readlinkSync } from "node:fs";

const FDS = "/proc/self/fd";
const LOOPS = new Set(["anon_inode:[eventpoll]", "anon_inode:[io_uring]"]);

/** An open descriptor. */
interface Open {
  readonly fd: number;
  /** E.g. "pipe:[4711]". */
  readonly what: string;
  /** Permissions of the link: those of the descriptor. */
  readonly mode: number;
}

/** All that is open, by number; nothing on a system that does not say. */
function openDescriptors(): Open[] {
  const open: Open[] = [];
  for (const name of existsSync(FDS) ? readdirSync(FDS) : []) {
    try {
      const path = `${FDS}/${name}`;
      open.push({ fd: Number(name), what: readlinkSync(path), mode: lstatSync(path).mode });
    } catch {
      // The descriptor of the directory itself.
    }
  }
  return open.sort((a, b) => a.fd - b.fd);
}

/**
 * Node's own: the epoll sets of its loops, and the pipes and eventfds that wake them. It opens its
 * first epoll set before the rest, and both ends of its pipes stay in the process.
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

/** Whether `fd` is open, and not by Node itself. */
export function isInherited(fd: number): boolean {
  try {
    fstatSync(fd);
  } catch {
    return false;
  }
  return fd <= 2 || !ownDescriptors().has(fd);
}
