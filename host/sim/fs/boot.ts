// What a simulated machine begins with: folders, devices, and a terminal on which the program runs.

import { O_RDWR } from "../kernel/constants.ts";
import { DRIVERS, openMounts } from "./devices.ts";
import { DeviceInode, type Inode, RegularInode, S_IFCHR, S_IFREG } from "../kernel/inode.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { perKernel } from "../kernel/per-kernel.ts";
import { createPty, Pty, PtyMaster, PtySlave } from "./pty.ts";
import { type Tree, treeOf } from "./tree.ts";

const STDIO = 3;

/** The terminal the program was started on: what is typed there, and what it prints. */
export const consoleOf = perKernel((kernel): PtyMaster => {
  const [master, slave] = createPty(kernel, O_RDWR);
  for (let fd = 0; fd < STDIO; fd++) {
    const given = kernel.program.add(slave);
    if (given === fd) kernel.program.setInheritable(fd, true);
  }
  return master;
});

function enter(tree: Tree, path: string, inode: Inode): void {
  const found = tree.find(path);
  if (typeof found === "number") throw new Error(`${path}: ${found}`);
  tree.create(found, inode);
}

function addFile(kernel: Kernel, tree: Tree, path: string, text: string): void {
  const inode = new RegularInode(kernel, S_IFREG | 0o644);
  inode.write(new TextEncoder().encode(text), 0);
  enter(tree, path, inode);
}

/** /dev/ptmx, which makes a terminal each time it is opened, and the slaves in /dev/pts. */
function addTerminals(kernel: Kernel, tree: Tree): void {
  let count = 0;
  tree.mkdir("/dev/pts", 0o755);
  const openMaster = (_: Kernel, flags: number): PtyMaster => {
    const pty = new Pty(kernel);
    const path = `/dev/pts/${count++}`;
    const openSlave = (__: Kernel, own: number): PtySlave => new PtySlave(kernel, pty, own);
    enter(tree, path, new DeviceInode(kernel, S_IFCHR | 0o620, openSlave));
    return new PtyMaster(kernel, pty, flags);
  };
  enter(tree, "/dev/ptmx", new DeviceInode(kernel, S_IFCHR | 0o666, openMaster));
}

/** Makes the folders and devices, and the descriptors 0 to 2 of the program. */
export function boot(kernel: Kernel): void {
  const tree = treeOf(kernel);
  if (tree.root.entries.size > 0) return;
  const { umask } = tree;
  tree.umask = 0;
  for (const path of ["/dev", "/home", "/tmp"]) tree.mkdir(path, 0o777);
  for (const [name, driver] of DRIVERS) {
    enter(tree, `/dev/${name}`, new DeviceInode(kernel, S_IFCHR | 0o666, driver));
  }
  addTerminals(kernel, tree);
  tree.mkdir("/etc", 0o755);
  addFile(kernel, tree, "/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n");
  addFile(kernel, tree, "/etc/hostname", "sim\n");
  tree.mkdir("/proc", 0o555);
  enter(tree, "/proc/mounts", new DeviceInode(kernel, S_IFREG | 0o444, openMounts));
  tree.umask = umask;
  consoleOf(kernel);
}
