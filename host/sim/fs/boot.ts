// Boots a simulated machine: its first directories and devices, and the terminal of the program.

import { O_RDWR } from "../kernel/constants.ts";
import { DRIVERS, openMounts } from "./devices.ts";
import { DeviceInode, type Inode, RegularInode, S_IFCHR, S_IFREG } from "../kernel/inode.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { perKernel } from "../kernel/per-kernel.ts";
import { createPty, Pty, PtyMaster, PtySlave } from "./pty.ts";
import { type Tree, treeOf } from "./tree.ts";

const STDIO = 3;

/** The master of the terminal that the program runs on. Its slave is the descriptors 0, 1 and 2. */
export const consoleOf = perKernel((kernel): PtyMaster => {
  const [master, slave] = createPty(kernel, O_RDWR);
  for (let fd = 0; fd < STDIO; fd++) {
    const added = kernel.program.add(slave);
    if (added === fd) kernel.program.setInheritable(fd, true);
  }
  return master;
});

function addEntry(tree: Tree, path: string, inode: Inode): void {
  const found = tree.find(path);
  if (typeof found === "number") throw new Error(`${path}: ${found}`);
  tree.create(found, inode);
}

function addFile(kernel: Kernel, tree: Tree, path: string, text: string): void {
  const inode = new RegularInode(kernel, S_IFREG | 0o644);
  inode.write(new TextEncoder().encode(text), 0);
  addEntry(tree, path, inode);
}

/** Adds /dev/ptmx, which makes a new terminal at each open(2), and the directory of the slaves, /dev/pts. */
function addTerminals(kernel: Kernel, tree: Tree): void {
  let count = 0;
  tree.mkdir("/dev/pts", 0o755);
  const openMaster = (_: Kernel, flags: number): PtyMaster => {
    const pty = new Pty(kernel);
    const path = `/dev/pts/${count++}`;
    const openSlave = (__: Kernel, own: number): PtySlave => new PtySlave(kernel, pty, own);
    addEntry(tree, path, new DeviceInode(kernel, S_IFCHR | 0o620, openSlave));
    return new PtyMaster(kernel, pty, flags);
  };
  addEntry(tree, "/dev/ptmx", new DeviceInode(kernel, S_IFCHR | 0o666, openMaster));
}

/** Makes the directories and devices, and the descriptors 0 to 2 of the program. Once for each kernel. */
export function boot(kernel: Kernel): void {
  const tree = treeOf(kernel);
  if (tree.root.entries.size > 0) return;
  const { umask } = tree;
  tree.umask = 0;
  for (const path of ["/dev", "/home", "/tmp"]) tree.mkdir(path, 0o777);
  for (const [name, driver] of DRIVERS) {
    addEntry(tree, `/dev/${name}`, new DeviceInode(kernel, S_IFCHR | 0o666, driver));
  }
  addTerminals(kernel, tree);
  tree.mkdir("/etc", 0o755);
  addFile(kernel, tree, "/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n");
  addFile(kernel, tree, "/etc/hostname", "sim\n");
  tree.mkdir("/proc", 0o555);
  addEntry(tree, "/proc/mounts", new DeviceInode(kernel, S_IFREG | 0o444, openMounts));
  tree.umask = umask;
  consoleOf(kernel);
}
