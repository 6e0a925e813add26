// Random programs for a Machine, as numbers and as steps.

import { type Arbitrary, array, nat as naturals, tuple } from "fast-check";
import { pick } from "./descriptors.ts";
import { EPOLL_STEPS, EpollProgram } from "./epoll.ts";
import { KQUEUE_STEPS, KqueueProgram } from "./kqueue.ts";

/** Numbers that one step is made of. */
export type Choice = readonly [step: number, a: number, b: number, c: number];

const nat = naturals({ max: 0xffff });

/** Programs of at most `steps` steps, as numbers. */
export function choices(steps: number): Arbitrary<Choice[]> {
  return array(tuple(nat, nat, nat, nat), { minLength: 1, maxLength: steps, size: "max" });
}

/** The objects with which programs wait. */
export const FLAVORS = ["epoll", "kqueue"] as const;
export type Flavor = (typeof FLAVORS)[number];

/** The steps of the program that the numbers stand for. */
export function programOf(numbers: readonly Choice[], flavor: Flavor = "epoll"): string[] {
  if (flavor === "kqueue") {
    const program = new KqueueProgram();
    for (const [step, a, b, c] of numbers) program[pick(KQUEUE_STEPS, step)](a, b, c);
    return program.steps;
  }
  const program = new EpollProgram();
  for (const [step, a, b, c] of numbers) program[pick(EPOLL_STEPS, step)](a, b, c);
  return program.steps;
}
