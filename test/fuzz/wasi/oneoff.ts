// Calls of poll_oneoff: by itself, and of a guest.

import * as os from "../../../bindings/node/os.ts";
import { createGuest } from "../../../wasi/guest/guest.ts";
import { createPollOneoff } from "../../../wasi/oneoff.ts";
import {
  EVENT_ERROR,
  EVENT_FLAGS,
  EVENT_SIZE,
  EVENT_TYPE,
  SUBSCRIPTION_FD,
  SUBSCRIPTION_FLAGS,
  SUBSCRIPTION_SIZE,
  SUBSCRIPTION_TIMEOUT,
  SUBSCRIPTION_TYPE,
  SUBSCRIPTION_USERDATA,
  TYPE_WRITE,
} from "../../../wasi/preview1.ts";
import type { Target } from "../../../wasi/slots.ts";
import type { Arena } from "./arena.ts";
import {
  type Call,
  drawFd,
  drawLimits,
  type Group,
  HIGHEST_ERROR,
  isInside,
  type World,
} from "./group.ts";

/** A descriptor that the host has not open. */
const CLOSED = 1_000_000;
/** Longest duration that is waited for, in ns. */
const LONGEST = 300_000;
/** Most subscriptions that are written for one call; others are what the memory has. */
const MOST_WRITTEN = 300;
const ERROR_LAST = HIGHEST_ERROR;

/** Writes a subscription, valid as a rule. */
function writeSubscription(world: World, at: number): void {
  const { draw } = world;
  const { view } = world.arena();
  const type = draw.once(40) ? draw.below(256) : draw.pick(0, 1, 1, 2, 2);
  view.setUint32(at + SUBSCRIPTION_USERDATA, draw.below(2 ** 32), true);
  view.setUint8(at + SUBSCRIPTION_TYPE, type);
  if (type !== 0) {
    view.setInt32(at + SUBSCRIPTION_FD, draw.once(60) ? CLOSED : drawFd(world), true);
    return;
  }
  view.setUint32(at + SUBSCRIPTION_FD, draw.once(40) ? draw.word() : draw.below(2), true);
  view.setUint16(at + SUBSCRIPTION_FLAGS, draw.once(40) ? draw.word() : draw.below(2), true);
  const ns = draw.pick(0, 0, 0, 1, draw.once(25) ? LONGEST : 0);
  const high = draw.once(10) ? draw.word() : 0;
  view.setUint32(at + SUBSCRIPTION_TIMEOUT, ns, true);
  view.setInt32(at + SUBSCRIPTION_TIMEOUT + 4, high, true);
}

/** What is wrong about the events of a call that succeeded. */
function faultOf(arena: Arena, call: Call): string | undefined {
  const [from, to, given, at] = (call.given as readonly number[]).map((word) => word >>> 0) as [
    number,
    number,
    number,
    number,
  ];
  const view = new DataView(arena.memory.buffer);
  const found = view.getUint32(at, true);
  if (found === 0 || found > given) return `${found} events`;
  if (at + 4 > to && at < to + found * EVENT_SIZE) return undefined;
  // Events are those of subscriptions, in their order.
  let i = 0;
  for (let event = to; event < to + found * EVENT_SIZE; event += EVENT_SIZE) {
    const type = view.getUint8(event + EVENT_TYPE);
    const error = view.getUint16(event + EVENT_ERROR, true);
    const flags = view.getUint16(event + EVENT_FLAGS, true);
    if (type > TYPE_WRITE || error > ERROR_LAST || flags > 1) {
      return `an event of type ${type}, error ${error}, flags ${flags}`;
    }
    for (; i < given; i++) {
      const subscription = from + i * SUBSCRIPTION_SIZE;
      // Where nothing is remembered, nothing is known.
      if (arena.before(subscription) === undefined) return undefined;
      if (arena.before(subscription + SUBSCRIPTION_TYPE) !== type) continue;
      if (arena.wordBefore(subscription) !== view.getUint32(event, true)) continue;
      if (arena.wordBefore(subscription + 4) === view.getUint32(event + 4, true)) break;
    }
    if (i++ === given) return "an event of no subscription";
  }
  return undefined;
}

/** The numbers of a guest as poll_oneoff by itself takes them. */
function plainTargets({ targets }: World): Map<number, Target> {
  const plain = new Map<number, Target>([[CLOSED, CLOSED]]);
  for (const [fd, target] of targets) {
    const isOwned = typeof target === "object" && "owned" in target;
    plain.set(fd, isOwned ? target.fd : target);
  }
  return plain;
}

export const ONEOFF: Group = {
  name: "poll_oneoff",
  results: [0, HIGHEST_ERROR],
  open(world) {
    const { select } = world.bounded;
    const { memory, draw, targets } = world;
    const clocks = { 0: () => BigInt(Math.floor(select.host.now())) * 1_000_000n };
    const badf = draw.pick("event", "call");
    const guest = createGuest({ select, os, memory, fds: targets, badf, ...drawLimits(world) });
    const fds = plainTargets(world);
    const functions = {
      poll_oneoff: createPollOneoff({ select, memory, fds }),
      "poll_oneoff, badf: call": createPollOneoff({ select, memory, fds, badf: "call", clocks }),
      "poll_oneoff of a guest": guest.imports["poll_oneoff"] as () => number,
    };
    const names = Object.keys(functions);

    function next(): Call {
      const arena = world.arena();
      const count = draw.count(SUBSCRIPTION_SIZE, arena.size);
      const few = (count >>> 0) % 100_000;
      const from = draw.address(few * SUBSCRIPTION_SIZE, arena);
      const to = draw.once(8) ? (from + draw.below(64)) | 0 : draw.address(few * EVENT_SIZE, arena);
      const at = draw.once(12) ? (to + draw.below(40)) | 0 : draw.address(4, arena);
      const written = draw.once(10) ? 0 : Math.min(few, MOST_WRITTEN);
      for (let i = 0; i < written; i++) {
        const subscription = (from >>> 0) + i * SUBSCRIPTION_SIZE;
        if (!isInside(arena, subscription, SUBSCRIPTION_SIZE)) break;
        writeSubscription(world, subscription);
      }
      const call: Call = {
        name: draw.pick(...names),
        given: [from, to, count, at],
        wrote(result) {
          if (result !== 0) return [];
          const found = new DataView(arena.memory.buffer).getUint32(at >>> 0, true);
          // The count may lie over the events: then it says nothing about their bytes.
          const most = Math.min(found, count >>> 0);
          return [
            [to, most * EVENT_SIZE],
            [at, 4],
          ];
        },
        fault: (result) => (result === 0 ? faultOf(arena, call) : undefined),
      };
      return call;
    }
    return { guest, functions, next };
  },
};
