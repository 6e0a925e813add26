// omnipoll doctor: which host is in use and why, and how each API is served here.

import { statSync } from "node:fs";
import { arch, platform, release, type } from "node:os";
import { fileURLToPath } from "node:url";
import { ABI_VERSION, CAPABILITY_EPOLL, READY_RECORD_SIZE } from "../../asm/abi.ts";
import { addonPath } from "../../host/addon.ts";
import type { Host } from "../../host/host.ts";
import { complain, print } from "./output.ts";
import { lineOf, STATUS } from "./failure.ts";

const CORE = new URL("../../../build/core.wasm", import.meta.url);

/** How one API is served. */
interface Service {
  readonly served: "native" | "translated";
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
  readonly apis?: Record<string, Service>;
  readonly problem?: string;
}

type Package = typeof import("../node.ts");

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

/** Whether the kernel waits for fractions of a millisecond; measured, as a filter may forbid it. */
function hasShortWaits(host: Host): boolean {
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
function asks({ select, poll, epoll, POLLIN }: Package): Record<string, (fd: number) => number[]> {
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
  };
}

async function services(omnipoll: Package): Promise<Record<string, Service>> {
  const os = await import("../node-os.ts");
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
  const isNative = (omnipoll.host.capabilities() & CAPABILITY_EPOLL) !== 0;
  const ask = asks(omnipoll);
  const found: Record<string, Service> = {};
  for (const [api, body] of Object.entries(ask)) {
    const native = api === "poll" || (api === "epoll" && isNative);
    found[api] = {
      served: native ? "native" : "translated",
      by: native ? `the kernel's ${api}` : "the core, over poll",
      works: works(body),
    };
  }
  return found;
}

async function examine(version: string): Promise<Findings> {
  const found = basics(version);
  try {
    const omnipoll = await import("../node.ts");
    const apis = await services(omnipoll);
    const broken = Object.keys(apis).filter((api) => apis[api]?.works === false);
    return {
      ...found,
      host: omnipoll.host.name,
      epoll_pwait2: hasShortWaits(omnipoll.host),
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
  return lines;
}

/** Prints what is found, and returns the exit status: 1 if there is a problem. */
export async function doctor(version: string, json: boolean): Promise<number> {
  const found = await examine(version);
  if (json) print(`${JSON.stringify(found)}\n`);
  else {
    print(
      linesOf(found)
        .map(([label, text]) => `${label.padEnd(10)}${text}\n`)
        .join(""),
    );
  }
  if (found.problem === undefined) return STATUS.DONE;
  complain(`omnipoll: ${found.problem}\n`);
  return STATUS.FAILED;
}
