// A view of a kernel that has a pipe, a queue and a blocked poll, taken in a page and in Node.

import type { KernelView } from "../../bindings/sim/view.ts";
import type { Sim } from "../../bindings/sim/sim.ts";

/** Fills a new kernel, and inspects it in the middle of a wait. */
export function inspectKernel(sim: Sim): KernelView {
  const { select, os } = sim;
  const [r, w] = os.pipe();
  os.write(w, "héllo");
  const set = sim.kernel.personality === "bsd" ? select.kqueue() : select.epoll();
  if ("control" in set) {
    set.control([select.kevent(r, select.KQ_FILTER_READ, select.KQ_EV_ADD)], 0);
  } else {
    set.register(r, select.EPOLLIN | select.EPOLLET);
  }
  let seen = sim.inspect();
  sim.at(0.5, () => {
    seen = sim.inspect();
  });
  const p = select.poll();
  p.register(w, 0);
  p.poll(1000);
  return seen;
}
