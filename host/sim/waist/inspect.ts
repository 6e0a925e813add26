// The registrations of a simulated epoll or kqueue, for `inspect()` of the object.

import { EBADF, EINVAL } from "../../../asm/abi.ts";
import type { KernelQueue, KernelRegistration } from "../../inspect.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { KqueueFile } from "../kqueue/queue.ts";
import { Knote } from "../kqueue/knote.ts";
import { EpollFile, type EpollItem } from "../wait/epoll.ts";

/** One registration of a simulated epoll or kqueue. */
export function describeRegistration(registration: EpollItem | Knote): KernelRegistration {
  if (!(registration instanceof Knote)) {
    const { fd, mask, isDisabled } = registration;
    return { ident: fd, flags: mask >>> 0, disabled: isDisabled };
  }
  const { ident, flags, isDisabled, isActive } = registration;
  const { filter, sfflags, sdata, fflags, data, udata } = registration;
  const knote = { filter, sfflags, sdata, fflags, data, udata, active: isActive };
  return { ident, flags, disabled: isDisabled, knote };
}

/** Reads the registrations behind a descriptor. -EBADF if it is not open, -EINVAL for another file. */
export function inspectFile(kernel: Kernel, fd: number): KernelQueue | number {
  const file = kernel.descriptors.get(fd);
  if (file === undefined) return -EBADF;
  if (!(file instanceof EpollFile) && !(file instanceof KqueueFile)) return -EINVAL;
  const registrations: Array<EpollItem | Knote> = [...file.registrations()];
  const list = file instanceof EpollFile ? file.readyList() : file.activeList();
  return {
    registrations: registrations.map(describeRegistration),
    ready: [...list].map((each) => registrations.indexOf(each)),
  };
}
