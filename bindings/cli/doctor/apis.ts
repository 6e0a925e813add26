// The five APIs: how the host serves each API, whether it answers right, and whether inspect() works.

import { CAPABILITY_EPOLL, CAPABILITY_KQUEUE } from "../../../asm/abi.ts";
import type { Host } from "../../../host/host.ts";
import { type Api, APIS } from "../masks.ts";
import { type Check, isSimulated, type Package, packageCheck } from "./check.ts";

/** How one API is served. */
interface Service {
  readonly served: "native" | "translated" | "simulated";
  readonly by: string;
  /** Whether the API told a pipe with data from an empty one. */
  readonly works: boolean;
}

/** Waits for one descriptor through each API, and returns the ready descriptors. */
const WAITS: Record<Api, (omnipoll: Package["omnipoll"], fd: number) => number[]> = {
  select: ({ select }, fd) => select([fd], [], [], 0)[0],
  poll: ({ poll, POLLIN }, fd) => {
    const object = poll();
    object.register(fd, POLLIN);
    return object.poll(0).map(([ready]) => ready);
  },
  epoll: ({ epoll, EPOLLIN }, fd) => {
    using object = epoll();
    object.register(fd, EPOLLIN);
    return object.poll(0).map(([ready]) => ready);
  },
  kqueue: ({ kqueue, kevent }, fd) => {
    using object = kqueue();
    return object.control([kevent(fd)], 1, 0).map(({ ident }) => Number(ident));
  },
  devpoll: ({ devpoll, POLLIN }, fd) => {
    using object = devpoll();
    object.register(fd, POLLIN);
    return object.poll(0).map(([ready]) => ready);
  },
};

function works({ omnipoll, os }: Package, api: Api): boolean {
  const pipes = [os.pipe(), os.pipe()] as const;
  const [[empty], [full, writer]] = pipes;
  try {
    os.write(writer, "x");
    const wait = WAITS[api];
    return wait(omnipoll, empty).length === 0 && wait(omnipoll, full)[0] === full;
  } catch {
    return false;
  } finally {
    for (const fd of pipes.flat()) os.close(fd);
  }
}

/** The server of an API on a host: a call of its kernel, or the core over other calls. */
function serverOf(api: Api, host: Host): Omit<Service, "works"> {
  const capabilities = host.capabilities();
  const hasEpoll = (capabilities & CAPABILITY_EPOLL) !== 0;
  const hasKqueue = (capabilities & CAPABILITY_KQUEUE) !== 0;
  const isNative =
    api === "poll" || (api === "epoll" && hasEpoll) || (api === "kqueue" && hasKqueue);
  if (isNative) {
    if (host.name === "wasi")
      return { served: "translated", by: "poll_oneoff, without native code" };
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

function apiCheck(api: Api): Check {
  return packageCheck(
    api,
    (loaded) => {
      const service = { ...serverOf(api, loaded.omnipoll.host), works: works(loaded, api) };
      return { apis: { [api]: service as Service } };
    },
    ({ apis: { [api]: service } }) => {
      const { served, by, works: isRight } = service as Service;
      return `${served}, by ${by}${isRight ? "" : ": WRONG ANSWER"}`;
    },
    ({ apis: { [api]: service } }) =>
      (service as Service).works ? undefined : `${api} gave a wrong answer for a pipe`,
  );
}

/** A check for each API. */
export const API_CHECKS: readonly Check[] = APIS.map(apiCheck);

/** The APIs whose objects have inspect(). */
type Inspected = Exclude<Api, "select">;

/** The number of registrations that inspect() shows of an object with one; the errno if it fails. */
const SHOWN: Record<Inspected, (omnipoll: Package["omnipoll"], fd: number) => number> = {
  poll: ({ poll }, fd) => {
    const object = poll();
    object.register(fd);
    return object.inspect().registrations.length;
  },
  epoll: ({ epoll }, fd) => {
    using object = epoll();
    object.register(fd);
    return object.inspect().registrations.length;
  },
  kqueue: ({ kqueue, kevent }, fd) => {
    using object = kqueue();
    object.control([kevent(fd)], 0);
    return object.inspect().registrations.length;
  },
  devpoll: ({ devpoll }, fd) => {
    using object = devpoll();
    object.register(fd);
    return object.inspect().registrations.length;
  },
};

const INSPECTED = Object.keys(SHOWN) as Inspected[];

/** Whether inspect() shows the one registration of an object; the code of its error otherwise. */
function shows({ omnipoll, os }: Package, api: Inspected): boolean | string {
  const pipe = os.pipe();
  try {
    return SHOWN[api](omnipoll, pipe[0]) === 1;
  } catch (error) {
    return (error as { code?: string }).code ?? (error as Error).name;
  } finally {
    for (const fd of pipe) os.close(fd);
  }
}

/** Which objects inspect() can show on this host: a kernel may hide its registrations. */
export const INSPECT_CHECK = packageCheck(
  "inspect",
  (loaded) => ({
    inspect: Object.fromEntries(INSPECTED.map((api) => [api, shows(loaded, api)])),
  }),
  ({ inspect }) => {
    const shown = INSPECTED.filter((api) => inspect[api] === true);
    const hidden = INSPECTED.filter((api) => inspect[api] !== true);
    const exceptions = hidden.map((api) => `, but not of ${api} (${inspect[api]})`);
    return `shows the registrations of ${shown.join(", ")}${exceptions.join("")}`;
  },
  ({ inspect }) => {
    const wrong = INSPECTED.filter((api) => inspect[api] === false);
    return wrong.length === 0 ? undefined : `inspect() is wrong about ${wrong.join(", ")}`;
  },
);
