// Callbacks of a simulated kernel run in the middle of a wait, and may change the registrations of the
// epoll: an emulated epoll begins its scan anew.

import * as assert from "uvu/assert";
import { EPOLLET as ET, EPOLLIN as IN, POLLIN } from "../../bindings/node/select.ts";
import { suite } from "../support/uvu.ts";
import { World } from "../sim/world.ts";

for (const personality of ["posix", "bsd"] as const) {
  const test = suite(`emulated epolls, ${personality}`);

  test("a descriptor that is closed in a wait takes no event of another one", () => {
    const on = new World(personality);
    const { os, sim } = on;
    const [first] = on.pipe();
    const [r, w] = on.pipe();
    const [other] = on.pipe();
    const e = on.epoll([
      [first, IN],
      [r, IN],
      [other, IN | ET],
    ]);
    sim.at(sim.now() + 1, () => {
      os.close(first);
      os.write(w, "x");
    });
    assert.equal(e.poll(60), [[r, IN]]);
    assert.equal(e.poll(0), [[r, IN]]);
  });

  test("descriptors that are registered in a wait are waited for", () => {
    const on = new World(personality);
    const { os, sim } = on;
    const [quiet] = on.pipe();
    const e = on.epoll([[quiet, IN]]);
    const pipes = Array.from({ length: 300 }, () => on.pipe());
    const [r, w] = pipes[299] ?? [0, 0];
    sim.at(sim.now() + 1, () => {
      for (const [fd] of pipes) e.register(fd, IN);
    });
    sim.at(sim.now() + 2, () => os.write(w, "x"));
    assert.equal(e.poll(60), [[r, IN]]);
  });

  test("registrations that are modified and removed in a wait count", () => {
    const on = new World(personality);
    const { os, sim } = on;
    const [a, toA] = on.pipe();
    const [b, toB] = on.pipe();
    const e = on.epoll([
      [a, IN],
      [b, 0],
    ]);
    sim.at(sim.now() + 1, () => {
      e.unregister(a);
      e.modify(b, IN);
      os.write(toA, "x");
      os.write(toB, "y");
    });
    assert.equal(e.poll(60), [[b, IN]]);
  });

  test("a wait within a wait leaves the outer one its events", () => {
    const on = new World(personality);
    const { os, sim } = on;
    const [a, toA] = on.pipe();
    const [b, toB] = on.pipe();
    const outer = on.epoll([[a, IN]]);
    const inner = on.epoll([[b, IN]]);
    os.write(toB, "x");
    let found: unknown;
    sim.at(sim.now() + 1, () => {
      found = inner.poll(0);
      os.write(toA, "y");
    });
    assert.equal(outer.poll(60), [[a, IN]]);
    assert.equal(found, [[b, IN]]);
  });

  test("a registration made while a poll object waits for the epoll ends that wait", () => {
    const on = new World(personality);
    const { os, sim } = on;
    const [r, w] = on.pipe();
    const e = on.epoll();
    const p = on.select.poll();
    p.register(e.fileno(), POLLIN);
    os.write(w, "x");
    sim.at(sim.now() + 1, () => e.register(r, IN));
    assert.equal(p.poll(60_000), [[e.fileno(), POLLIN]]);
  });

  test("an epoll that is closed in a wait reports nothing more", () => {
    const on = new World(personality);
    const { os, sim } = on;
    const [r, w] = on.pipe();
    const e = on.epoll([[r, IN]]);
    sim.at(sim.now() + 1, () => {
      e.close();
      os.write(w, "x");
    });
    let outcome: unknown;
    try {
      outcome = e.poll(5);
    } catch (error) {
      outcome = (error as { code?: string }).code;
    }
    // Over kqueue the queue ends with its descriptor; over poll(2) time goes on, as on Linux.
    assert.equal(outcome, personality === "bsd" ? "EBADF" : []);
    const again = on.epoll([[r, IN]]);
    assert.equal(again.poll(0), [[r, IN]]);
  });

  test.run();
}
