// The host of this process: this file alone chooses it.

import type { Host } from "./host.ts";
import { createLinuxHost } from "./linux/host.ts";
import { createPosixHost } from "./linux/poll-only.ts";
import { createSimHost } from "./sim/waist/host.ts";
import { type Choice, makeKernel, NAMED } from "./sim/kernel/make-kernel.ts";
import { withRealClockInWaits } from "./sim/waist/real-clock.ts";
import { withTrace } from "./trace/trace.ts";

function simulated(choice: Choice): Host {
  const kernel = makeKernel(choice);
  return withRealClockInWaits(kernel, createSimHost(kernel));
}

/** Hosts by the name `OMNIPOLL_HOST` gives them. */
const HOSTS: Record<string, () => Host> = {
  linux: createLinuxHost,
  posix: createPosixHost,
  ...Object.fromEntries([...NAMED].map(([name, choice]) => [name, () => simulated(choice)])),
};

/** The values that `OMNIPOLL_HOST` may have, besides empty. */
export const HOST_NAMES: readonly string[] = Object.keys(HOSTS);

/**
 * The host of this thread: the best one, or the one `OMNIPOLL_HOST` names; with a trace of its calls
 * if OMNIPOLL_TRACE asks for one.
 *
 * @throws {Error} if the name is unknown, the platform has no host, its addon is missing, or the file
 *   of the trace cannot be opened
 */
export function chooseHost(): Host {
  chosen ??= withTrace(choose(), process.env["OMNIPOLL_TRACE"]);
  return chosen;
}

let chosen: Host | undefined;

function choose(): Host {
  const wanted = process.env["OMNIPOLL_HOST"];
  const name = wanted === undefined || wanted === "" ? process.platform : wanted;
  const create = HOSTS[name];
  if (create !== undefined) return create();
  const known = HOST_NAMES.join(", ");
  throw new Error(
    wanted === undefined || wanted === ""
      ? `omnipoll: no host for ${name} yet; there are: ${known}`
      : `omnipoll: OMNIPOLL_HOST must be one of ${known}, got ${JSON.stringify(wanted)}`,
  );
}
