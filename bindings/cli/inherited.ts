// Which descriptors this process was started with: those that are open and not Node's own. A shell
// script that forgot to open descriptor 9 would otherwise wait for one of Node's, for ever.

import { fstatSync, readdirSync, readlinkSync } from "node:fs";

const FDS = "/proc/self/fd";
const LOOPS = new Set(["anon_inode:[eventpoll]", "anon_inode:[io_uring]"]);

/** What each open descriptor is, e.g. "pipe:[4711]"; empty on a system that does not say. */
function openDescriptors(): Map<number, string> {
  const open = new Map<number, string>();
  try {
    for (const name of readdirSync(FDS)) {
      try {
        open.set(Number(name), readlinkSync(`${FDS}/${name}`));
      } catch {
        // The descriptor of the directory itself.
      }
    }
  } catch {
    // No /proc.
  }
  return open;
}

/**
 * Node's own: the epoll sets of its loops, and the pipes and eventfds that wake them. It opens its
 * first epoll set before the rest, and both ends of its pipes stay in the process.
 */
function ownDescriptors(): Set<number> {
  const open = [...openDescriptors()].sort(([a], [b]) => a - b);
  const own = new Set<number>();
  const ends = new Map<string, number>();
  for (const [fd, what] of open) {
    const isWaker = what === "anon_inode:[eventfd]" && own.size > 0;
    if (isWaker || LOOPS.has(what)) own.add(fd);
    const other = what.startsWith("pipe:") ? ends.get(what) : undefined;
    if (other !== undefined) own.add(fd).add(other);
    ends.set(what, fd);
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
