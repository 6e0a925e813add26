// Calls made on behalf of another process than the program.

import type { DescriptorTable } from "../kernel/descriptors.ts";
import type { Kernel } from "../kernel/kernel.ts";

/** The same calls, each with the descriptors of a process. What is no call stays as it is. */
export function asProcess<Calls extends object>(
  kernel: Kernel,
  descriptors: DescriptorTable,
  calls: Calls,
): Calls {
  const made: Record<string, unknown> = {};
  for (const [name, call] of Object.entries(calls)) {
    made[name] =
      typeof call === "function"
        ? (...given: unknown[]): unknown => kernel.as(descriptors, () => call(...given))
        : call;
  }
  return made as Calls;
}
