// Several threads on one simulated kernel: one waits while another acts.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { EPOLLIN } from "../../bindings/constants.ts";
import { coreModule } from "../../bindings/node/host.ts";
import { Sim } from "../../bindings/sim/sim.ts";
import { joined } from "./joined.ts";

const simOf = (): Sim => new Sim(coreModule());

test("a blocked thread is woken by another one, in virtual time", async () => {
  const sim = simOf();
  const { select, os } = sim;
  const [r, w] = os.pipe();
  const ended = joined(sim, `sleep(5); return os.write(data, "hello")`, w);
  const ep = select.epoll();
  ep.register(r, EPOLLIN);
  assert.equal(ep.poll(60), [[r, EPOLLIN]]);
  assert.is(sim.now(), 5);
  assert.equal(os.read(r, 10).toString(), "hello");
  assert.is(await ended, 5);
});

test("a blocking write of a thread goes on until all is taken, once", async () => {
  const sim = simOf();
  const { os } = sim;
  for (const [r, w] of [os.pipe(), os.socketpair()]) {
    const bytes = 1_000_000;
    const ended = joined(sim, `return os.write(data.w, new Uint8Array(data.bytes))`, { w, bytes });
    let count = 0;
    while (count < bytes) count += os.read(r, 65_536).length;
    assert.is(await ended, bytes);
    os.set_blocking(r, false);
    assert.throws(() => os.read(r, 1), /EAGAIN/);
  }
});

test("threads wait for one another", async () => {
  const sim = simOf();
  const { os } = sim;
  const [r, w] = os.pipe();
  const [r2, w2] = os.pipe();
  const code = `
    const p = select.poll();
    p.register(data[0], 1);
    let count = 0;
    while (true) {
      p.poll();
      const bytes = os.read(data[0], 1);
      if (bytes.length === 0) return count;
      count++;
      os.write(data[1], bytes);
    }`;
  const ended = joined(sim, code, [r, w2]);
  for (let i = 0; i < 500; i++) {
    os.write(w, String(i % 10));
    assert.is(os.read(r2, 1).toString(), String(i % 10));
  }
  os.close(w);
  assert.is(await ended, 500);
});

test("time passes for threads while the kernel's own is idle", async () => {
  const sim = simOf();
  const [r] = sim.os.pipe();
  const code = `
    const ep = select.epoll();
    ep.register(data, 1);
    const events = ep.poll(1.5);
    return [events, os.get_blocking(data)];`;
  assert.equal(await joined(sim, code, r), [[], true]);
  assert.is(sim.now(), 1.5);
});

test.run();
