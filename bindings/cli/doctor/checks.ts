// The checks of `omnipoll doctor`, in the order of the report. A new check is one entry of the list.

import { statSync } from "node:fs";
import { arch, platform, release, type } from "node:os";
import { fileURLToPath } from "node:url";
import { ABI_VERSION, CAPABILITY_EPOLL, CAPABILITY_SOURCES } from "../../../asm/abi.ts";
import type { Host } from "../../../host/host.ts";
import type { WasiHost } from "../../../wasi/host.ts";
import { addonPath, loadAddon } from "../../../host/native/addon.ts";
import { API_CHECKS, INSPECT_CHECK } from "./apis.ts";
import { type Check, check, isSimulated, type Package, packageCheck } from "./check.ts";

const CORE = new URL("../../../../build/core.wasm", import.meta.url);

function coreText(): string {
  const size = statSync(CORE, { throwIfNoEntry: false })?.size;
  const path = fileURLToPath(CORE);
  return size === undefined ? `${path} is missing` : `${path} (${(size / 1024).toFixed(1)} KiB)`;
}

/** The host without native code, if that is the one. */
function fallbackOf(host: Host): WasiHost | undefined {
  return "choose" in host ? (host as WasiHost) : undefined;
}

/** Why a host is in use. */
function reasonFor(
  host: string | undefined,
  wanted: string | null,
  missing: string | undefined,
): string {
  if (host === undefined) return `none (OMNIPOLL_HOST is ${wanted ?? "not set"})`;
  if (missing !== undefined) return `${host}: ${missing}`;
  return wanted === null
    ? `${host}, as the platform is ${platform()} (OMNIPOLL_HOST is not set)`
    : `${host}, as OMNIPOLL_HOST says`;
}

/**
 * Whether the kernel's epoll waits for fractions of a millisecond: a seccomp filter may forbid epoll_pwait2.
 * Undefined without an epoll or without a time of its own.
 */
function hasShortWaits(host: Host): boolean | undefined {
  if (isSimulated(host) || (host.capabilities() & CAPABILITY_EPOLL) === 0) return undefined;
  return loadAddon().has_epoll_pwait2() !== 0;
}

/** Whether kqueue accepts NOTE_FORK, NOTE_EXEC and NOTE_TRACK; undefined if that cannot be tried. */
function hasProcessNotes({ omnipoll }: Package): boolean | undefined {
  const { kqueue, kevent, host, KQ_FILTER_PROC, KQ_EV_ADD } = omnipoll;
  if (isSimulated(host) || (host.capabilities() & CAPABILITY_SOURCES) === 0) return undefined;
  const notes = omnipoll.KQ_NOTE_FORK | omnipoll.KQ_NOTE_EXEC | omnipoll.KQ_NOTE_TRACK;
  using object = kqueue();
  try {
    object.control([kevent(process.pid, KQ_FILTER_PROC, KQ_EV_ADD, notes)], 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === "EOPNOTSUPP" ? false : undefined;
  }
}

export const CHECKS: readonly Check[] = [
  check(
    "omnipoll",
    ({ version }) => ({ omnipoll: version, abi: ABI_VERSION }),
    ({ omnipoll, abi }) => `${omnipoll}, ABI ${abi}`,
  ),
  check(
    "host",
    ({ loaded, wanted }) => ({
      wanted,
      ...(loaded !== undefined && {
        host: loaded.omnipoll.host.name,
        missing: fallbackOf(loaded.omnipoll.host)?.reason,
      }),
    }),
    ({ wanted, host, missing }) => reasonFor(host, wanted, missing),
  ),
  packageCheck(
    "oneoff",
    ({ omnipoll }) => {
      const choice = fallbackOf(omnipoll.host)?.choose();
      return choice === undefined ? undefined : { poll_oneoff: choice };
    },
    ({ poll_oneoff: { oneoff, failed } }) =>
      failed === undefined ? oneoff : `${oneoff}, as node:wasi's fails its test: ${failed}`,
  ),
  packageCheck(
    "os",
    ({ omnipoll }) => {
      const served = fallbackOf(omnipoll.host)?.served;
      return served === undefined ? undefined : { os: served };
    },
    ({ os }) => {
      const groups = Object.entries(os).map(([by, names]) => `${by}: ${names.join(", ")}`);
      return groups.join("; ");
    },
  ),
  check(
    "core",
    () => ({ core: coreText() }),
    ({ core }) => core,
  ),
  check(
    "addon",
    () => ({ addon: addonPath() }),
    ({ addon }) => addon,
  ),
  check(
    "node",
    () => ({ node: process.version, platform: `${platform()} ${arch()}` }),
    ({ node, platform: system }) => `${node} on ${system}`,
  ),
  check(
    "kernel",
    () => ({ kernel: `${type()} ${release()}` }),
    ({ kernel }) => kernel,
  ),
  packageCheck(
    "waits",
    ({ omnipoll }) => {
      const hasThem = hasShortWaits(omnipoll.host);
      return hasThem === undefined ? undefined : { epoll_pwait2: hasThem };
    },
    ({ epoll_pwait2: hasThem }) =>
      hasThem
        ? "of fractions of a millisecond (epoll_pwait2 is usable)"
        : "of whole milliseconds (epoll_pwait2 is missing or forbidden)",
  ),
  ...API_CHECKS,
  packageCheck(
    "processes",
    (loaded) => {
      const hasThem = hasProcessNotes(loaded);
      return hasThem === undefined ? undefined : { proc_notes: hasThem };
    },
    ({ proc_notes: hasThem }) =>
      hasThem
        ? "kqueue reports exit, fork, exec and track"
        : "kqueue reports exit, and refuses fork, exec and track (CAP_NET_ADMIN is missing?)",
  ),
  INSPECT_CHECK,
];
