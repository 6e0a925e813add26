// What belongs to a kernel without the kernel knowing of it: processes, interfaces, mailboxes.

import type { Kernel } from "./kernel.ts";

/** A part that each kernel has one of, made when it is first asked for. */
export function perKernel<Part>(make: (kernel: Kernel) => Part): (kernel: Kernel) => Part {
  const parts = new WeakMap<Kernel, Part>();
  return (kernel) => {
    let part = parts.get(kernel);
    if (part === undefined) {
      part = make(kernel);
      parts.set(kernel, part);
    }
    return part;
  };
}
