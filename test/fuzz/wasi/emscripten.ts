// Calls of a program that Emscripten compiled: its poll and select, and the functions of WASI that it imports.

import * as os from "../../../bindings/node/os.ts";
import { forEmscripten } from "../../../wasi/adapters/emscripten.ts";
import type { Guest } from "../../../wasi/guest/guest.ts";
import type { Range } from "./arena.ts";
import {
  type Call,
  drawFd,
  drawLimits,
  type Functions,
  type Group,
  HIGHEST_ERROR,
  isInside,
  type World,
} from "./group.ts";
import { preview1Calls, runtimeBelow } from "./preview1.ts";

const POLLFD_SIZE = 8;
const FD_SET_BYTES = 128;
const TIMES = [0, 0, 0, 1, -1, 100_000];

/** Emscripten's own poll: its descriptors are ready for what is asked. */
function theirPoll({ arena }: World) {
  return (at: number, count: number): number => {
    const view = new DataView(arena().memory.buffer);
    for (let i = 0; i < count; i++) {
      const record = (at >>> 0) + i * POLLFD_SIZE;
      view.setUint16(record + 6, view.getUint16(record + 4, true), true);
    }
    return count;
  };
}

function pollCall(world: World): Call {
  const { draw } = world;
  const arena = world.arena();
  const count = draw.count(POLLFD_SIZE, arena.size);
  const few = (count >>> 0) % 5000;
  const at = draw.address(few * POLLFD_SIZE, arena);
  for (let i = 0; i < Math.min(few, 100); i++) {
    const record = (at >>> 0) + i * POLLFD_SIZE;
    if (!isInside(arena, record, POLLFD_SIZE)) break;
    arena.view.setInt32(record, drawFd(world), true);
    arena.view.setUint16(record + 4, draw.pick(1, 4, 5, draw.word() & 0xffff), true);
  }
  return {
    name: "__syscall_poll",
    given: [at, count, draw.pick(...TIMES)],
    wrote: (result) => (result < 0 ? [] : [[at + 6, 2, POLLFD_SIZE, count >>> 0]]),
  };
}

function selectCall(world: World): Call {
  const { draw } = world;
  const arena = world.arena();
  const count = draw.once(4) ? draw.pick(0, 1023, 1024, 1025, draw.word()) : draw.below(50);
  const sets = Array.from({ length: 3 }, () => {
    if (draw.once(4)) return 0;
    const at = draw.address(FD_SET_BYTES, arena);
    if (isInside(arena, at, FD_SET_BYTES)) {
      for (let i = 0; i < FD_SET_BYTES / 4; i++) {
        arena.view.setInt32((at >>> 0) + 4 * i, i < 2 && draw.once(2) ? draw.word() : 0, true);
      }
    }
    return at;
  });
  const time = draw.once(6) ? 0 : draw.address(16, arena);
  if (time !== 0 && isInside(arena, time, 16)) {
    arena.view.setBigInt64(time >>> 0, draw.once(8) ? BigInt(draw.word()) : 0n, true);
    arena.view.setInt32((time >>> 0) + 8, draw.pick(0, 0, 0, 100, draw.word()), true);
  }
  return {
    name: "__syscall__newselect",
    given: [count, ...sets, time],
    wrote: (result) =>
      result < 0
        ? []
        : sets.filter((at) => at !== 0).map((at): Range => [at, Math.ceil(count / 8)]),
  };
}

export const EMSCRIPTEN: Group = {
  name: "emscripten",
  results: [-HIGHEST_ERROR, 2 ** 20],
  open(world) {
    const { bounded, memory, draw, targets } = world;
    let guest: Guest | undefined;
    const imports = forEmscripten(
      {
        env: draw.once(2) ? { __syscall_poll: theirPoll(world) } : {},
        wasi_snapshot_preview1: draw.once(2) ? runtimeBelow(world) : {},
      },
      {
        select: bounded.select,
        os,
        memory,
        fds: targets,
        ...drawLimits(world),
        timeBits: draw.pick(32, 64),
        onGuest: (made) => (guest = made),
      },
    );
    const preview1 = imports["wasi_snapshot_preview1"] as Functions;
    const next = preview1Calls(world, preview1);
    return {
      guest: guest as unknown as Guest,
      functions: { ...preview1, ...imports["env"] },
      next() {
        if (draw.once(3)) return next();
        return draw.once(2) ? pollCall(world) : selectCall(world);
      },
    };
  },
};
