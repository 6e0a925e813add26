// Bugs planted in the functions of a guest, which the fuzzer must find.

import * as os from "../../../bindings/node/os.ts";
import { FDSTAT_SIZE } from "../../../wasi/guest/preview1.ts";
import { EVENT_SIZE } from "../../../wasi/preview1.ts";
import type { Plant } from "./fuzz.ts";

type Given = readonly number[];
type Inner = (...given: Given) => number;
type MemoryOf = () => WebAssembly.Memory;

/** A bug of the functions of a group. */
export interface WasiMutant {
  readonly name: string;
  readonly group: string;
  readonly plant: Plant;
  /** Whether the process does not survive the bug, so that only the watched program finds it. */
  readonly isFatal?: boolean;
}

/** Replaces the functions with a name that `names` matches. */
function mutant(
  name: string,
  group: string,
  names: RegExp,
  make: (inner: Inner, memory: MemoryOf) => Inner,
  isFatal = false,
): WasiMutant {
  const plant: Plant = (functions, memory) =>
    Object.fromEntries(
      Object.entries(functions).map(([key, call]) => [
        key,
        names.test(key) ? make(call as unknown as Inner, memory) : call,
      ]),
    ) as ReturnType<Plant>;
  return { name, group, plant, isFatal };
}

const viewOf = (memory: MemoryOf): DataView => new DataView(memory().buffer);

/** Changes a byte, if there is one at the address. */
function smudge(memory: MemoryOf, at: number): void {
  const view = viewOf(memory);
  if (at < view.byteLength) view.setUint8(at, view.getUint8(at) ^ 0x55);
}

/** A call that changes a byte behind what it may change, if it succeeds. */
function behind(end: (given: Given, memory: MemoryOf) => number) {
  return (inner: Inner, memory: MemoryOf): Inner =>
    (...given) => {
      const result = inner(...given);
      if (result === 0) smudge(memory, end(given, memory));
      return result;
    };
}

/** A call that takes its first address for a signed number. */
function signed(inner: Inner, memory: MemoryOf): Inner {
  return (...given) => {
    if ((given[0] as number) < 0) viewOf(memory).getUint8(given[0] as number);
    return inner(...given);
  };
}

/** A call that keeps a view of the memory while it waits. */
function keeping(inner: Inner, memory: MemoryOf): Inner {
  return (...given) => {
    const view = viewOf(memory);
    const result = inner(...given);
    view.getUint8(0);
    return result;
  };
}

export const WASI_MUTANTS: readonly WasiMutant[] = [
  mutant(
    "a byte behind the last event is written",
    "poll_oneoff",
    /^poll/,
    behind(([, to = 0, , at = 0], memory) => {
      return (to >>> 0) + viewOf(memory).getUint32(at >>> 0, true) * EVENT_SIZE;
    }),
  ),
  mutant(
    "a byte behind the count is written",
    "poll_oneoff",
    /^poll/,
    behind(([, , , at = 0]) => (at >>> 0) + 4),
  ),
  mutant("an address above 2 GiB is signed", "poll_oneoff", /^poll/, signed),
  mutant("a view of the memory is kept during the wait", "poll_oneoff", /guest$/, keeping),
  mutant(
    "the count is written although the call fails",
    "poll_oneoff",
    /call$/,
    (inner, memory) => {
      return (...given) => {
        const result = inner(...given);
        if (result !== 0) smudge(memory, (given[3] as number) >>> 0);
        return result;
      };
    },
  ),
  mutant("an event is of another subscription", "poll_oneoff", /^poll_oneoff$/, (inner, memory) => {
    return (...given) => {
      const result = inner(...given);
      if (result === 0) smudge(memory, (given[1] as number) >>> 0);
      return result;
    };
  }),
  mutant("the call has no result", "poll_oneoff", /^poll_oneoff$/, (inner) => {
    return (...given) => {
      const result = inner(...given);
      return result === 0 ? (undefined as unknown as number) : result;
    };
  }),
  mutant(
    "a descriptor's state has a byte more",
    "descriptors",
    /^fd_fdstat_get$/,
    behind(([, to = 0]) => (to >>> 0) + FDSTAT_SIZE),
  ),
  mutant("a read fills a byte more", "descriptors", /^(?:fd_read|sock_recv)$/, (inner, memory) => {
    return (...given) => {
      const at = (given[1] as number) >>> 0;
      const view = viewOf(memory);
      const first = at + 8 <= view.byteLength ? view.getUint32(at, true) : 0;
      const result = inner(...given);
      if (result === 0)
        smudge(memory, first + viewOf(memory).getUint32((given[3] ?? 0) >>> 0, true));
      return result;
    };
  }),
  mutant("a path is opened by throwing", "descriptors", /^path_open$/, (inner) => {
    return (...given) => {
      const result = inner(...given);
      if (result === 28) throw new TypeError("flags");
      return result;
    };
  }),
  mutant("a descriptor stays open", "descriptors", /^fd_close$/, (inner) => {
    return (...given) => {
      const result = inner(...given);
      if (result === 0) os.eventfd(0);
      return result;
    };
  }),
  mutant("an event of an epoll is written twice", "omnipoll", /^epoll_wait$/, (inner, memory) => {
    return (...given) => {
      const result = inner(...given);
      if (result > 0) smudge(memory, ((given[1] as number) >>> 0) + 16 * result);
      return result;
    };
  }),
  mutant("an address of changes is signed", "omnipoll", /^kevent$/, (inner, memory) => {
    return (...given) => {
      const result = inner(...given);
      if (result >= 0 && (given[1] as number) < 0) viewOf(memory).getUint8(given[1] as number);
      return result;
    };
  }),
  mutant("a set of select is cleared as a whole", "emscripten", /newselect$/, (inner, memory) => {
    return (...given) => {
      const result = inner(...given);
      const at = (given[1] as number) >>> 0;
      if (result >= 0 && at !== 0) smudge(memory, at + 127);
      return result;
    };
  }),
  mutant("the events of a record of poll are cleared", "emscripten", /_poll$/, (inner, memory) => {
    return (...given) => {
      const result = inner(...given);
      if (result > 0) smudge(memory, ((given[0] as number) >>> 0) + 4);
      return result;
    };
  }),
  mutant(
    "a call never ends",
    "poll_oneoff",
    /guest$/,
    (inner) => {
      return (...given) => {
        // An idle descriptor is asked for ever.
        while (given[2] === 3 && (given[0] as number) % 64 === 8);
        return inner(...given);
      };
    },
    true,
  ),
  mutant(
    "a call ends the process",
    "descriptors",
    /^fd_write$/,
    (inner) => {
      return (...given) => {
        const result = inner(...given);
        if (result === 21) process.kill(process.pid, "SIGSEGV");
        return result;
      };
    },
    true,
  ),
];
