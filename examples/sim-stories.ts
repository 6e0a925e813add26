// Three stories of descriptors on a simulated kernel, which prints what happens. stories.ts tells them in
// Node and in a page without a change: `node dist/examples/stories.js`.

import type { Sim } from "../bindings/sim/sim.ts";

/** Prints a line of a story. */
type Print = (line: string) => void;

/** Edge-triggered, and the reader does not read everything: no event reports the rest. */
export function starvation(sim: Sim, print: Print): void {
  const { select, os } = sim;
  const { EPOLLIN, EPOLLET } = select;
  const [r, w] = os.pipe();
  const ep = select.epoll();
  ep.register(r, EPOLLIN | EPOLLET);
  os.write(w, "two messages");
  print(`an edge: ${JSON.stringify(ep.poll(0))}`);
  print(`half is read: ${os.read(r, 3).length} bytes; 9 are left`);
  print(`and the next wait, of a second, has nothing: ${JSON.stringify(ep.poll(1))}`);
  os.write(w, "!");
  print(`until the writer writes again: ${JSON.stringify(ep.poll(1))}`);
  ep.close();
}

/** A descriptor is closed, but a duplicate keeps its file open: epoll goes on with the old number. */
export function ghost(sim: Sim, print: Print): void {
  const { select, os } = sim;
  const [r, w] = os.pipe();
  const ep = select.epoll();
  ep.register(r, select.EPOLLIN);
  const copy = os.dup(r);
  os.close(r);
  os.write(w, "x");
  print(`descriptor ${r} is closed, and reported: ${JSON.stringify(ep.poll(0))}`);
  try {
    ep.unregister(r);
    print("it could be unregistered");
  } catch (error) {
    print(`it cannot be unregistered: ${(error as Error).message}`);
  }
  os.close(copy);
  print(`only closing the copy ends it: ${JSON.stringify(ep.poll(0))}`);
  ep.close();
}

/** EV_CLEAR reports new bytes; EV_DISPATCH reports once, until EV_ENABLE. */
export function clearOrDispatch(sim: Sim, print: Print): void {
  const { select, os } = sim;
  const { kevent, KQ_EV_ADD, KQ_EV_CLEAR, KQ_EV_DISPATCH, KQ_EV_ENABLE, KQ_FILTER_READ } = select;
  for (const [name, flag] of [
    ["EV_CLEAR", KQ_EV_CLEAR],
    ["EV_DISPATCH", KQ_EV_DISPATCH],
  ] as const) {
    const [r, w] = os.pipe();
    const queue = select.kqueue();
    const data = (): string =>
      queue
        .control(null, 1, 0)
        .map((event) => event.data)
        .join() || "-";
    queue.control([kevent(r, KQ_FILTER_READ, KQ_EV_ADD | flag)], 0);
    os.write(w, "abc");
    print(`${name}: 3 bytes come: ${data()}; asked again: ${data()}`);
    os.write(w, "de");
    print(`${name}: 2 more come: ${data()}`);
    queue.control([kevent(r, KQ_FILTER_READ, KQ_EV_ENABLE)], 0);
    print(`${name}: after EV_ENABLE: ${data()}`);
    queue.close();
  }
}

/** All stories, by name. */
export const STORIES = { starvation, ghost, clearOrDispatch };

/** Tells every story on a kernel of its own, and prints the trace of that kernel. */
export function tell(newSim: () => Sim, print: Print): void {
  for (const [name, story] of Object.entries(STORIES)) {
    const sim = newSim();
    print(`== ${name}`);
    story(sim, print);
    print("-- the trace");
    for (const { ms, what, args, result } of sim.trace()) {
      print(
        `${ms.toFixed(1).padStart(8)} ms  ${what}(${args.join(", ")})${result === undefined ? "" : ` = ${result}`}`,
      );
    }
  }
}
