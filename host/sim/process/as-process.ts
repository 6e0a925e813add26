// Calls that a process other than the program makes.

import type { DescriptorTable } from "../kernel/descriptors.ts";
import type { Kernel } from "../kernel/kernel.ts";

/** The same calls, which use the descriptors of a process. Members that are not functions stay the same. */
export function asProcess<Calls extends object>(
  kernel: Kernel,
  descriptors: DescriptorTable,
  calls: Calls,
): Calls {
  const made: Record<string, unknown> = {};
  for (const [name, call] of Object.entries(calls)) {
    made[name] =
      typeof call === "function"
        ? (...given: unknown[]): unknown =>
            kernel.withDescriptors(descriptors, () => call(...given))
        : call;
  }
  return made as Calls;
}
