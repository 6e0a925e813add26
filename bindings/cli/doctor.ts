// omnipoll doctor: which host is in use and why, and how each API is served here.

import { statSync } from "node:fs";
import { arch, platform, release, type } from "node:os";
import { fileURLToPath } from "node:url";
import {
  ABI_VERSION,
  CAPABILITY_EPOLL,
  CAPABILITY_KQUEUE,
  CAPABILITY_SOURCES,
  READY_RECORD_SIZE,
} from "../../asm/abi.ts";
import { addonPath } from "../../host/native/addon.ts";
import type { Host } from "../../host/host.ts";
import { complain, print } from "./output.ts";
import { lineOf, STATUS } from "./failure.ts";

const CORE = new URL("../../../build/core.wasm", import.meta.url);

/** How one API is served. */
interface Service {
  readonly served: "native" | "translated" | "simulated";
  readonly by: string;
  /** Whether it told a pipe with data from one without. */
  readonly works: boolean;
}

/** What is found. `host` and `apis` are missing if there is a problem. */
interface Findings {
  readonly omnipoll: string;
  readonly node: string;
  readonly platform: string;
  readonly kernel: string;
  readonly abi: number;
  readonly core: string;
  readonly addon: string;
  readonly wanted: string | null;
  readonly host?: string;
  readonly epoll_pwait2?: boolean;
  /** PROC of kqueue: NOTE_FORK, NOTE_EXEC and NOTE_TRACK. */
  readonly proc_notes?: boolean;
  readonly apis?: Record<string, Service>;
  readonly problem?: string;
}

type Package = typeof import("../node/select.ts");

function basics(version: string): Findings {
  const size = statSync(CORE, { throwIfNoEntry: false })?.size;
  const path = fileURLToPath(CORE);
  return {
    omnipoll: version,
    node: process.version,
    platform: `${platform()} ${arch()}`,
    kernel: `${type()} ${release()}`,
    abi: ABI_VERSION,
    core: size === undefined ? `${path} is missing` : `${path} (${(size / 1024).toFixed(1)} KiB)`,
    addon: addonPath(),
    wanted: process.env["OMNIPOLL_HOST"] || null,
  };
}

const ATTEMPTS = 20;
/** A wait for this long, in ms, … */
const SHORT = 0.1;
/** … takes at least 1 ms on a kernel that only knows whole ones, and less than this on others. */
const LIMIT = 0.9;

/** Whether the kernel is one of ours. */
const isSimulated = (host: Host): boolean => host.name.startsWith("sim:");

/**
 * Whether the kernel's epoll waits for fractions of a millisecond; measured, as a filter may forbid
 * it. Undefined if it has none, or no time of its own.
 */
function hasShortWaits(host: Host): boolean | undefined {
  if (isSimulated(host) || (host.capabilities() & CAPABILITY_EPOLL) === 0) return undefined;
  const memory = new WebAssembly.Memory({ initial: 1 });
  const epfd = host.epoll_create1(0);
  if (epfd < 0) return false;
  let shortest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < ATTEMPTS && shortest >= LIMIT; i++) {
    const start = performance.now();
    host.epoll_wait(memory, epfd, READY_RECORD_SIZE, 1, SHORT);
    shortest = Math.min(shortest, performance.now() - start);
  }
  host.close(epfd);
  return shortest < LIMIT;
}

/** What each API says about a pipe, as a list of descriptors. */
function asks(omnipoll: Package): Record<string, (fd: number) => number[]> {
  const { select, poll, epoll, kqueue, kevent, devpoll, POLLIN } = omnipoll;
  return {
    select: (fd) => select([fd], [], [], 0)[0],
    poll: (fd) => {
      const object = poll();
      object.register(fd, POLLIN);
      return object.poll(0).map(([ready]) => ready);
    },
    epoll: (fd) => {
      using object = epoll();
      object.register(fd, POLLIN);
      return object.poll(0).map(([ready]) => ready);
    },
    kqueue: (fd) => {
      using object = kqueue();
      return object.control([kevent(fd)], 1, 0).map(({ ident }) => Number(ident));
    },
    devpoll: (fd) => {
      using object = devpoll();
      object.register(fd, POLLIN);
      return object.poll(0).map(([ready]) => ready);
    },
  };
}

/** Who serves an API on a host: by what call of its kernel, or over what. */
function serviceOf(api: string, host: Host): Omit<Service, "works"> {
  const capabilities = host.capabilities();
  const hasEpoll = (capabilities & CAPABILITY_EPOLL) !== 0;
  const hasKqueue = (capabilities & CAPABILITY_KQUEUE) !== 0;
  const isNative =
    api === "poll" || (api === "epoll" && hasEpoll) || (api === "kqueue" && hasKqueue);
  if (isNative) {
    const call = host.name === "sim:wasi" ? "poll_oneoff" : api;
    return isSimulated(host)
      ? { served: "simulated", by: `the simulated kernel's ${call}` }
      : { served: "native", by: `the kernel's ${call}` };
  }
  let over = "poll";
  if (api === "epoll" && hasKqueue) over = "kqueue";
  if (api === "kqueue" && hasEpoll) over = "epoll, timerfd, eventfd, inotify, pidfd and netlink";
  return { served: "translated", by: `the core, over ${over}` };
}

/** Whether kqueue tells what a process does before it ends; undefined if it cannot be asked. */
function hasProcessNotes({ kqueue, kevent, host, ...names }: Package): boolean | undefined {
  if (isSimulated(host) || (host.capabilities() & CAPABILITY_SOURCES) === 0) return undefined;
  const { KQ_FILTER_PROC, KQ_EV_ADD, KQ_NOTE_FORK, KQ_NOTE_EXEC, KQ_NOTE_TRACK } = names;
  const notes = KQ_NOTE_FORK | KQ_NOTE_EXEC | KQ_NOTE_TRACK;
  using object = kqueue();
  try {
    object.control([kevent(process.pid, KQ_FILTER_PROC, KQ_EV_ADD, notes)], 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === "EOPNOTSUPP" ? false : undefined;
  }
}

async function services(omnipoll: Package): Promise<Record<string, Service>> {
  const os = await import("../node/os.ts");
  const [empty] = os.pipe();
  const [full, writer] = os.pipe();
  os.write(writer, "x");
  const works = (ask: (fd: number) => number[]): boolean => {
    try {
      return ask(empty).length === 0 && ask(full)[0] === full;
    } catch {
      return false;
    }
  };
  const ask = asks(omnipoll);
  const found: Record<string, Service> = {};
  for (const [api, body] of Object.entries(ask)) {
    found[api] = { ...serviceOf(api, omnipoll.host), works: works(body) };
  }
  return found;
}

async function examine(version: string): Promise<Findings> {
  const found = basics(version);
  try {
    const omnipoll = await import("../node/select.ts");
    const apis = await services(omnipoll);
    const broken = Object.keys(apis).filter((api) => apis[api]?.works === false);
    const procNotes = hasProcessNotes(omnipoll);
    const shortWaits = hasShortWaits(omnipoll.host);
    return {
      ...found,
      host: omnipoll.host.name,
      ...(procNotes !== undefined && { proc_notes: procNotes }),
      ...(shortWaits !== undefined && { epoll_pwait2: shortWaits }),
      apis,
      ...(broken.length > 0 && { problem: `${broken.join(", ")} gave a wrong answer for a pipe` }),
    };
  } catch (error) {
    return { ...found, problem: lineOf(error).replace(/^omnipoll: /, "") };
  }
}

function why({ host, wanted, platform: system }: Findings): string {
  if (host === undefined) return `none (OMNIPOLL_HOST is ${wanted ?? "not set"})`;
  return wanted === null
    ? `${host}, as the platform is ${system.split(" ")[0]} (OMNIPOLL_HOST is not set)`
    : `${host}, as OMNIPOLL_HOST says`;
}

function linesOf(found: Findings): [label: string, text: string][] {
  const lines: [string, string][] = [
    ["omnipoll", `${found.omnipoll}, ABI ${found.abi}`],
    ["host", why(found)],
    ["core", found.core],
    ["addon", found.addon],
    ["node", `${found.node} on ${found.platform}`],
    ["kernel", found.kernel],
  ];
  if (found.epoll_pwait2 !== undefined) {
    lines.push([
      "waits",
      found.epoll_pwait2
        ? "of fractions of a millisecond (epoll_pwait2 is usable)"
        : "of whole milliseconds (epoll_pwait2 is missing or forbidden)",
    ]);
  }
  for (const [api, { served, by, works }] of Object.entries(found.apis ?? {})) {
    lines.push([api, `${served}, by ${by}${works ? "" : ": WRONG ANSWER"}`]);
  }
  if (found.proc_notes !== undefined) {
    lines.push([
      "processes",
      found.proc_notes
        ? "kqueue tells of exit, fork, exec and track"
        : "kqueue tells of exit; fork, exec and track are refused (CAP_NET_ADMIN?)",
    ]);
  }
  return lines;
}

/** Prints what is found, and returns the exit status: 1 if there is a problem. */
export async function doctor(version: string, json: boolean): Promise<number> {
  const found = await examine(version);
  if (json) print(`${JSON.stringify(found)}\n`);
  else {
    print(
      linesOf(found)
        .map(([label, text]) => `${label.padEnd(11)}${text}\n`)
        .join(""),
    );
  }
  if (found.problem === undefined) return STATUS.DONE;
  complain(`omnipoll: ${found.problem}\n`);
  return STATUS.FAILED;
}
