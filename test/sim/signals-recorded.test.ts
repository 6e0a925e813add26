// Blocked signals and a signalfd of the simulated kernel, as Linux 6.18 has them: random programs
// and their outcomes, as recordings/signals.py wrote them down.

import { readFileSync } from "node:fs";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { coreModule } from "../../bindings/node/host.ts";
import { OSError } from "../../bindings/node/select.ts";
import { Sim } from "../../bindings/sim/sim.ts";
import { signalOf } from "../../host/sim/process/signal-numbers.ts";

type Step = readonly [kind: string, ...given: number[]];
type Program = ReadonlyArray<readonly [step: Step, answer: ReadonlyArray<number | string>]>;

const SIGNALS = [10, 12, 17, 28, 40, 41];
const SIZE = 128;
const programs = JSON.parse(
  readFileSync(new URL("../../../test/recordings/signals.recorded.json", import.meta.url), "utf8"),
) as Program[];

/** Number of a signal that is shown as "SIGUSR1" or "signal 40". */
const numberOf = (name: string): number => signalOf(name) ?? Number(name.slice("signal ".length));

/** Runs one program on a kernel of its own; its answers. */
function answersOf(program: Program): unknown[] {
  const sim = new Sim(coreModule());
  const { os, select, signals } = sim;
  const { pid } = sim.processes.program;
  signals.block(...SIGNALS);
  const fd = sim.signalfd([10], -1, { blocking: false });
  const epoll = select.epoll();
  const poll = select.poll();
  epoll.register(fd, select.EPOLLIN | select.EPOLLET);
  poll.register(fd, 0x7fff);

  function read(count: number): Array<number | string> {
    try {
      const bytes = Buffer.from(os.read(fd, SIZE * count));
      return Array.from({ length: bytes.length / SIZE }, (_, i) => bytes.readUInt32LE(i * SIZE));
    } catch (error) {
      return [(error as OSError).code ?? String(error)];
    }
  }
  const steps: Record<string, (...given: number[]) => ReadonlyArray<number | string> | void> = {
    kill: (signal) => os.kill(pid, signal as number),
    ignore: (signal) => signals.ignore(signal as number),
    default: (signal) => signals.reset(signal as number),
    mask: (...mask) => void sim.signalfd(mask, fd),
    pending: () => [...new Set(signals.pending().map(numberOf))],
    wait: (...set) => {
      const isPending = signals.pending().some((name) => set.includes(numberOf(name)));
      return isPending ? [signals.wait(...set)] : [];
    },
    read: (count) => read(count as number),
    epoll: () => epoll.poll(0).map(([, event]) => event),
    poll: () => poll.poll(0).map(([, event]) => event),
  };
  return program.map(([[kind, ...given]]) => steps[kind]?.(...given) ?? []);
}

test(`${programs.length} random programs have the answers of Linux`, () => {
  assert.ok(programs.length >= 100);
  for (const [i, program] of programs.entries()) {
    const answers = answersOf(program);
    for (const [j, [step, expected]] of program.entries()) {
      assert.equal(answers[j], expected, `program ${i}, step ${j}: ${step.join(" ")}`);
    }
  }
});

test.run();
