// Calls of the import module "omnipoll": epoll, kqueue, eventfd and timerfd of C guests.

import * as os from "../../../bindings/node/os.ts";
import { EPOLL_EVENT_DATA, EPOLL_EVENT_SIZE } from "../../../wasi/guest/epoll.ts";
import { createGuest } from "../../../wasi/guest/guest.ts";
import {
  GUEST_KEVENT_DATA,
  GUEST_KEVENT_FFLAGS,
  GUEST_KEVENT_FILTER,
  GUEST_KEVENT_FLAGS,
  GUEST_KEVENT_IDENT,
  GUEST_KEVENT_SIZE,
} from "../../../wasi/guest/kevent.ts";
import { ITIMERSPEC_SIZE, TIMESPEC_SIZE } from "../../../wasi/guest/timespec.ts";
import {
  type Call,
  drawFd,
  drawLimits,
  type Group,
  HIGHEST_ERROR,
  isInside,
  NOTHING,
  OPENED,
  onSuccess,
  type World,
} from "./group.ts";

/** Milliseconds of a wait. */
const TIMES = [0, 0, 0, 1, -1, 100_000];
/** Nanoseconds of a wait, of which a second and more, and less than 0, are refused. */
const NANOSECONDS = [0, 0, 0, 1, 100_000, -1, 1_000_000_000];
const FLAGS = [1, 0x80000, 0x800, 0x80801];

/** The kinds of descriptors that the calls open. */
type Kind = "epoll" | "queue" | "timer" | "counter";

type Make = () => Omit<Call, "name">;

/** The bytes of events, which are written to the beginning of their array. */
function events(to: number, size: number): Call["wrote"] {
  return (result) => (result > 0 ? [[to, result * size]] : []);
}

function makesOf(world: World): Record<string, Make> {
  const { draw } = world;
  const fd = (): number => drawFd(world);
  const made: Record<Kind, number[]> = { epoll: [], queue: [], timer: [], counter: [] };
  /** One that the guest opened with a call, as a rule. */
  const own = (kind: Kind): number =>
    draw.once(5) || made[kind].length === 0 ? fd() : draw.pick(...made[kind].slice(-6));
  /** A call that opens a descriptor. */
  const opening = (kind: Kind, ...makes: ReadonlyArray<() => number>): Make => {
    return () => ({
      given: makes.map((make) => make()),
      wrote: NOTHING,
      opened: (number) => made[kind].push(number),
    });
  };
  const address = (length: number): number => draw.address(length, world.arena());
  const flags = (): number => draw.flags(...FLAGS);

  /** Writes 32-bit words where there is room. */
  function words(at: number, ...values: readonly number[]): void {
    const arena = world.arena();
    for (const [i, value] of values.entries()) {
      const to = (at >>> 0) + 4 * i;
      if (isInside(arena, to, 4)) arena.view.setInt32(to, value, true);
    }
  }
  /** A timeout: a null pointer, or one to a struct timespec. */
  function timespec(): number {
    if (draw.once(10)) return 0;
    const at = address(TIMESPEC_SIZE);
    words(at, draw.flags(0), draw.once(20) ? -1 : 0, draw.pick(...NANOSECONDS));
    return at;
  }
  function itimerspec(): number {
    const at = address(ITIMERSPEC_SIZE);
    const ns = draw.pick(...NANOSECONDS);
    words(at, 0, 0, draw.pick(...NANOSECONDS), 0, draw.flags(0), 0, ns, 0);
    return at;
  }
  function event(): number {
    const at = address(EPOLL_EVENT_SIZE);
    words(at, draw.pick(1, 4, 5, -(2 ** 31) + 1, 2 ** 30 + 5, draw.word()));
    words(at + EPOLL_EVENT_DATA, draw.word(), draw.word());
    return at;
  }
  function changes(at: number, count: number): void {
    const arena = world.arena();
    for (let i = 0; i < Math.min(count >>> 0, 30); i++) {
      const change = (at >>> 0) + i * GUEST_KEVENT_SIZE;
      if (!isInside(arena, change, GUEST_KEVENT_SIZE)) return;
      const { view } = arena;
      view.setInt32(change + GUEST_KEVENT_IDENT, fd(), true);
      view.setInt16(change + GUEST_KEVENT_FILTER, draw.pick(-1, -1, -2, -4, -7, -11, -5, 3), true);
      const bits = draw.pick(1, 1, 2, 0x21, 0x11, 0x41, 9, draw.word());
      view.setUint16(change + GUEST_KEVENT_FLAGS, bits & 0xffff, true);
      view.setInt32(change + GUEST_KEVENT_FFLAGS, draw.pick(0, 0, 2, draw.word()), true);
      view.setBigInt64(change + GUEST_KEVENT_DATA, BigInt(draw.pick(0, 1, 50, draw.word())), true);
    }
  }
  return {
    epoll_create1: opening("epoll", flags),
    epoll_ctl: () => ({
      given: [own("epoll"), draw.pick(1, 1, 2, 3, draw.flags(1)), fd(), event()],
      wrote: NOTHING,
    }),
    epoll_wait() {
      const most = draw.count(EPOLL_EVENT_SIZE, world.arena().size);
      const to = address(((most >>> 0) % 1000) * EPOLL_EVENT_SIZE);
      return {
        given: [own("epoll"), to, most, draw.pick(...TIMES, draw.word())],
        wrote: events(to, EPOLL_EVENT_SIZE),
      };
    },
    epoll_pwait2() {
      const most = draw.count(EPOLL_EVENT_SIZE, world.arena().size);
      const to = address(((most >>> 0) % 1000) * EPOLL_EVENT_SIZE);
      return { given: [own("epoll"), to, most, timespec()], wrote: events(to, EPOLL_EVENT_SIZE) };
    },
    kqueue: opening("queue"),
    kevent() {
      const { size } = world.arena();
      const nchanges = draw.count(GUEST_KEVENT_SIZE, size);
      const nevents = draw.count(GUEST_KEVENT_SIZE, size);
      const from = address(((nchanges >>> 0) % 1000) * GUEST_KEVENT_SIZE);
      const to = draw.once(6) ? from : address(((nevents >>> 0) % 1000) * GUEST_KEVENT_SIZE);
      changes(from, nchanges);
      return {
        given: [own("queue"), from, nchanges, to, nevents, timespec()],
        // A call may end with an error, or with 0, after it has reported changes (kqueue_kevent).
        wrote: (result) => [[to, (result > 0 ? result : Math.max(nevents, 0)) * GUEST_KEVENT_SIZE]],
      };
    },
    eventfd: opening("counter", () => draw.word(), flags),
    timerfd_create: opening("timer", () => draw.pick(0, 1, draw.flags(0, 1)), flags),
    timerfd_settime() {
      const next = itimerspec();
      const old = draw.once(2) ? 0 : address(ITIMERSPEC_SIZE);
      const wrote = onSuccess(...(old === 0 ? [] : [[old, ITIMERSPEC_SIZE] as const]));
      return { given: [own("timer"), flags(), next, old], wrote };
    },
    timerfd_gettime() {
      const to = address(ITIMERSPEC_SIZE);
      return { given: [own("timer"), to], wrote: onSuccess([to, ITIMERSPEC_SIZE]) };
    },
    close: () => ({ given: [OPENED + draw.below(24)], wrote: NOTHING }),
  };
}

/** The calls that make a descriptor: without an end they would be most of the guest's. */
const MAKES = /create|^kqueue$|^eventfd$/;

export const OMNIPOLL: Group = {
  name: "omnipoll",
  results: [-HIGHEST_ERROR, 2 ** 31 - 1],
  open(world) {
    const { bounded, memory, draw, targets } = world;
    const guest = createGuest({
      select: bounded.select,
      os,
      memory,
      fds: targets,
      ...drawLimits(world),
    });
    const makes = makesOf(world);
    const functions = { ...guest.omnipoll, close: guest.imports["fd_close"] as () => number };
    const names = Object.keys(functions);
    const unlisted = names.filter((name) => makes[name] === undefined);
    if (unlisted.length > 0) {
      throw new Error(`test/fuzz/wasi/omnipoll.ts has no arguments for ${unlisted.join(", ")}`);
    }
    const others = names.filter((name) => !MAKES.test(name));
    return {
      guest,
      functions,
      next() {
        const name = draw.once(2) ? draw.pick(...others) : draw.pick(...names);
        return { name, ...(makes[name] as Make)() };
      },
    };
  },
};
