// The inotify calls of the waist.

import { EBADF, EINVAL } from "../../../asm/abi.ts";
import type { Host } from "../../host.ts";
import { O_NONBLOCK } from "../kernel/constants.ts";
import { InotifyFile } from "../fs/inotify.ts";
import { DirectoryInode } from "../kernel/inode.ts";
import type { Kernel } from "../kernel/kernel.ts";

type WatchCalls = Pick<Host, "inotify_init" | "inotify_add_watch" | "inotify_rm_watch">;

/** The inotify calls of a kernel. */
export function watchCalls(kernel: Kernel): WatchCalls {
  return {
    inotify_init() {
      const fd = kernel.open(new InotifyFile(kernel, O_NONBLOCK));
      kernel.trace.add("inotify_init", [], fd);
      return fd;
    },
    inotify_add_watch(inotify, fd, parent, mask) {
      const queue = kernel.descriptors.usable(inotify);
      const file = kernel.descriptors.get(fd);
      if (queue === undefined || file === undefined) return -EBADF;
      if (!(queue instanceof InotifyFile) || file.inode === undefined) return -EINVAL;
      const above = file.inode instanceof DirectoryInode ? file.inode.parent : undefined;
      const inode = parent === 1 ? above : file.inode;
      const watch = inode === undefined ? -EINVAL : queue.add(inode, mask >>> 0);
      kernel.trace.add("inotify_add_watch", [inotify, fd, mask >>> 0], watch);
      return watch;
    },
    inotify_rm_watch(inotify, watch) {
      const queue = kernel.descriptors.usable(inotify);
      if (queue === undefined) return -EBADF;
      return queue instanceof InotifyFile ? queue.remove(watch) : -EINVAL;
    },
  };
}
