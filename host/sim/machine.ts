// What a simulated machine begins with: folders, devices, and a terminal on which the program runs.

import { O_RDWR } from "./constants.ts";
import { DRIVERS } from "./devices.ts";
import { DeviceInode, S_IFCHR } from "./inode.ts";
import type { Kernel } from "./kernel.ts";
import { partOf } from "./part.ts";
import { createPty, type PtyMaster } from "./pty.ts";
import { treeOf } from "./tree.ts";

const STDIO = 3;

/** The terminal the program was started on: what is typed there, and what it prints. */
export const consoleOf = partOf((kernel): PtyMaster => {
  const [master, slave] = createPty(kernel, O_RDWR);
  for (let fd = 0; fd < STDIO; fd++) {
    const given = kernel.program.add(slave);
    if (given === fd) kernel.program.setInheritable(fd, true);
  }
  return master;
});

/** Makes the folders and devices, and the descriptors 0 to 2 of the program. */
export function startMachine(kernel: Kernel): void {
  const tree = treeOf(kernel);
  if (tree.root.entries.size > 0) return;
  const { umask } = tree;
  tree.umask = 0;
  for (const path of ["/dev", "/home", "/tmp"]) tree.mkdir(path, 0o777);
  for (const [name, driver] of DRIVERS) {
    const found = tree.find(`/dev/${name}`);
    if (typeof found === "number") throw new Error(`no /dev: ${found}`);
    tree.create(found, new DeviceInode(kernel, S_IFCHR | 0o666, driver));
  }
  tree.umask = umask;
  consoleOf(kernel);
}
