// libevent's classic benchmark, test/bench.c (Niels Provos, 2003), without libevent. A run writes a
// byte to `active` of `pipes` pipes. For each byte that the run reads, it writes a byte to the next
// pipe, until it has made `writes` such writes. A run registers every pipe anew and waits with a
// timeout of 0.

import { EPOLLIN, epoll, POLLIN, poll, select } from "../bindings/node/select.ts";
import { read, write } from "../bindings/node/os.ts";
import { type Children, contestantsIn } from "./child.ts";
import { type Case, type Contestant, timed } from "./harness.ts";
import { BYTE, contestants, Pipes, type Registers } from "./pipes.ts";

const MECHANISMS = ["epoll", "poll", "select"] as const;
type Mechanism = (typeof MECHANISMS)[number];

/** Registers all pipes with one mechanism, and passes the ready descriptors to `propagate`. */
interface Driver {
  setUp(): void;
  dispatch(propagate: (fd: number) => void): void;
  close?(): void;
}

function setUpOf(registry: Registers, readers: readonly number[], mask: number): () => void {
  let registered = false;
  return () => {
    for (const fd of readers) {
      if (registered) registry.unregister(fd);
      registry.register(fd, mask);
    }
    registered = true;
  };
}

const DRIVERS: Record<Mechanism, (readers: readonly number[]) => Driver> = {
  epoll: (readers) => {
    const ep = epoll();
    return {
      setUp: setUpOf(ep, readers, EPOLLIN),
      dispatch: (propagate) => {
        for (const event of ep.poll(0)) propagate(event[0]);
      },
      close: () => ep.close(),
    };
  },
  poll: (readers) => {
    const p = poll();
    return {
      setUp: setUpOf(p, readers, POLLIN),
      dispatch: (propagate) => {
        for (const event of p.poll(0)) propagate(event[0]);
      },
    };
  },
  select: (readers) => {
    let wanted: readonly number[] = [];
    return {
      setUp: () => {
        wanted = [...readers];
      },
      dispatch: (propagate) => {
        for (const fd of select(wanted, [], [], 0)[0]) propagate(fd);
      },
    };
  },
};

/** One run: registers, starts `active` chains and dispatches until they have ended. */
function makeRun(
  { readers, writers }: Pipes,
  active: number,
  writes: number,
  driver: Driver,
): () => void {
  const next = new Map(
    readers.map((fd, i) => [fd, writers[(i + 1) % writers.length] as number] as const),
  );
  const apart = Math.floor(writers.length / active);
  const starters = writers.filter((_, i) => i % apart === 0).slice(0, active);
  const count = { taken: 0, fired: 0, left: 0 };

  function propagate(fd: number): void {
    read(fd, 1);
    count.taken++;
    if (count.left === 0) return;
    count.left--;
    count.fired++;
    write(next.get(fd) as number, BYTE);
  }

  return () => {
    driver.setUp();
    driver.dispatch(propagate);
    for (const fd of starters) write(fd, BYTE);
    count.taken = 0;
    count.fired = active;
    count.left = writes;
    while (count.taken !== count.fired) driver.dispatch(propagate);
  };
}

function libeventContestants(
  mechanism: Mechanism,
  count: number,
  active: number,
  writes: number,
): Contestant[] {
  return contestants(
    ["omnipoll"],
    () => new Pipes(count),
    (pipes) => {
      const driver = DRIVERS[mechanism](pipes.readers);
      const run = makeRun(pipes, active, writes, driver);
      return {
        loops: {
          omnipoll: timed((calls) => {
            for (let call = 0; call < calls; call++) run();
          }),
        },
        close: () => driver.close?.(),
      };
    },
  );
}

const SETTINGS = [
  [100, 1, 100],
  [100, 10, 1000],
  [1000, 100, 1000],
  [1000, 1, 1000],
] as const;

/** The benchmark with each mechanism. */
export function libeventCases({ c, python }: Children): Case[] {
  return MECHANISMS.flatMap((mechanism) =>
    SETTINGS.map(([pipes, active, writes]) => ({
      group: "libevent",
      call: `libevent, ${mechanism}`,
      setting: `n${pipes} a${active} w${writes}`,
      parameters: { pipes, active, writes },
      contestants: [
        ...libeventContestants(mechanism, pipes, active, writes),
        ...contestantsIn([c, python], `libevent-${mechanism} ${pipes} ${active} ${writes}`),
      ],
    })),
  );
}
