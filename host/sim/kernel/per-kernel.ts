// Parts that each kernel has one of and does not import: the process table, the file tree, mailboxes.

import type { Kernel } from "./kernel.ts";

/** Returns a function from a kernel to its part. The part is made on the first call for that kernel. */
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
