// The host of this process: this file alone chooses it.

import type { Host } from "./host.ts";
import { createWasiHost, type WasiHost } from "../wasi/host.ts";
import { createLinuxHost } from "./linux/host.ts";
import { createPosixHost } from "./linux/poll-only.ts";
import { onClose } from "./observers.ts";
import { createSimHost } from "./sim/waist/host.ts";
import { type Choice, makeKernel, NAMED } from "./sim/kernel/make-kernel.ts";
import { withRealClockInWaits } from "./sim/waist/real-clock.ts";
import { withTrace } from "./trace/trace.ts";
import { createStandaloneHost } from "../wasi/standalone.ts";

function simulated(choice: Choice): Host {
  const kernel = makeKernel(choice);
  return withRealClockInWaits(kernel, createSimHost(kernel));
}

/** The host without native code. */
function withoutAddon(reason?: string): WasiHost {
  return { ...createWasiHost(reason), onClose };
}

/** Hosts by the name `OMNIPOLL_HOST` gives them. */
const HOSTS: Record<string, () => Host> = {
  linux: createLinuxHost,
  posix: createPosixHost,
  wasi: () => withoutAddon(),
  standalone: () => createStandaloneHost(createPosixHost()),
  ...Object.fromEntries([...NAMED].map(([name, choice]) => [name, () => simulated(choice)])),
};

/** The values that `OMNIPOLL_HOST` may have, besides empty. */
export const HOST_NAMES: readonly string[] = Object.keys(HOSTS);

/**
 * The host of this thread: the best one, or the one `OMNIPOLL_HOST` names; with a trace of its calls
 * if OMNIPOLL_TRACE asks for one.
 *
 * @throws {Error} if the name is unknown, the addon is missing of the host that it names, or the file of the trace
 *   cannot be opened
 */
export function chooseHost(): Host {
  chosen ??= withTrace(choose(), process.env["OMNIPOLL_TRACE"]);
  return chosen;
}

let chosen: Host | undefined;

/**
 * The best host: that of the platform, or the one without native code, which knows the reason.
 *
 * @throws {Error} on Windows, where no number is a descriptor to libuv
 */
function best(): Host {
  const create = HOSTS[process.platform];
  if (create === undefined && process.platform === "win32") {
    throw new Error(`omnipoll: no host for win32 yet; there are: ${HOST_NAMES.join(", ")}`);
  }
  if (create === undefined) return withoutAddon(`omnipoll has no addon for ${process.platform}`);
  try {
    return create();
  } catch (error) {
    return withoutAddon((error as Error).message.replace(/^omnipoll: /, ""));
  }
}

function choose(): Host {
  const wanted = process.env["OMNIPOLL_HOST"];
  if (wanted === undefined || wanted === "") return best();
  const create = HOSTS[wanted];
  if (create !== undefined) return create();
  throw new Error(
    `omnipoll: OMNIPOLL_HOST must be one of ${HOST_NAMES.join(", ")}, got ${JSON.stringify(wanted)}`,
  );
}
