// Guests whose stack is suspended while they wait (JSPI): whole programs, and the limits of JSPI itself.

import { test as every } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { EVENT_IN } from "../../asm/abi.ts";
import { host } from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { createPollOneoff, type GuestPollOneoff } from "../../wasi/oneoff.ts";
import { startSuspending, suspendingImport } from "../../wasi/suspend.ts";
import { scoped } from "../support/descriptors.ts";
import { passing } from "../support/wasm.ts";
import { eventually, sim } from "../support/world.ts";
import { FakeSource } from "./fake-source.ts";
import { HAS_JSPI } from "./jspi-stack.ts";
import { isPending } from "./pending.ts";
import { CODE, PRINTED } from "./poll-select-output.ts";
import { nodeRuntime, startProgram } from "./program.ts";
import { type Event, oneoff } from "./subscriptions.ts";

const test = HAS_JSPI ? every : every.skip;
/** Milliseconds of a nap, and of a poll, of the program doze. */
const args = ["1", "2"];
const ENDED = "end, 0 naps too short\n";

/** The text of an error; what was not thrown is no error. */
async function refusal(body: () => unknown): Promise<string> {
  try {
    return `nothing was thrown: ${await body()}`;
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
}

test(
  "two programs sleep and poll at once, and their thread goes on",
  scoped(async (s) => {
    const inputs = [s.pipe(), s.pipe()];
    const programs = await Promise.all(
      inputs.map(([r]) =>
        startProgram("doze", { args: [...args, "65536"], fds: [[0, os.dup(r)]] }),
      ),
    );
    let ticks = 0;
    const interval = setInterval(() => ticks++, 1);
    try {
      const pages = programs.map(({ memory }) => memory.buffer.byteLength);
      for (let round = 1; round <= 3; round++) {
        for (const [i, [, w]] of inputs.entries()) os.write(w, `${i}.${round}\n`);
        // Each piece of input makes the memory of its program larger.
        const grown = programs.map(({ memory }, i) => () => {
          return memory.buffer.byteLength >= (pages[i] as number) + round * 65_536;
        });
        for (const hasGrown of grown) assert.ok(await eventually(hasGrown));
      }
      const before = ticks;
      assert.ok(await eventually(() => ticks >= before + 5), "the interval goes on");
      for (const { ended } of programs) assert.ok(await isPending(ended));
      for (const [, w] of inputs) s.close(w);
      for (const [i, { ended }] of programs.entries()) {
        assert.equal(await ended, { code: 0, output: `${i}.1\n${i}.2\n${i}.3\n${ENDED}` });
      }
    } finally {
      clearInterval(interval);
    }
  }),
);

test(
  "an ordinary program polls, selects and sleeps",
  scoped(async (s) => {
    const [r, w] = s.pipe();
    os.write(w, "hello");
    const { ended } = await startProgram("poll-select", { fds: [[0, os.dup(r)]] });
    assert.equal(await ended, { code: CODE, output: PRINTED });
  }),
);

if (sim === undefined) {
  test(
    "and in node:wasi, which is told its guest",
    scoped(async (s) => {
      const [r, w] = s.pipe();
      os.write(w, "hello");
      const options = { fds: [[0, os.dup(r)]] as const, runtimeOf: nodeRuntime };
      const { ended } = await startProgram("poll-select", options);
      assert.equal(await ended, { code: CODE, output: PRINTED });
    }),
  );
}

test("exit() ends a program with its code", async () => {
  const { ended } = await startProgram("doze");
  assert.equal(await ended, { code: 2, output: "usage: doze sleep-ms poll-ms [block-bytes]\n" });
});

test(
  "a program that waits when its guest is disposed ends with the error of that",
  scoped(async (s) => {
    const [r] = s.pipe();
    const fds = [[0, os.dup(r)]] as const;
    const { guest, ended } = await startProgram("doze", { args: ["1", "-1"], fds });
    assert.ok(await isPending(ended));
    guest.dispose();
    assert.is(await refusal(() => ended), "Error: the guest is disposed");
  }),
);

test(
  "calls that need not wait do not suspend the stack: the program ends before its start returns",
  scoped(async (s) => {
    const [r, w] = s.pipe();
    os.write(w, "x\n");
    s.close(w);
    const fds = [[0, os.dup(r)]] as const;
    const { first, ended } = await startProgram("doze", { args: ["0", "0"], fds });
    assert.is(first, `x\n${ENDED}`);
    assert.equal(await ended, { code: 0, output: first });
  }),
);

/** A function of WebAssembly that calls the poll_oneoff of a guest; its `promising` twin may suspend. */
async function callerOf(fds: ReadonlyMap<number, number | FakeSource>) {
  const memory = new WebAssembly.Memory({ initial: 1 });
  let waits = 0;
  const watch = host.watch as NonNullable<typeof host.watch>;
  const counting = {
    ...host,
    watch: (...given: Parameters<typeof watch>) => (waits++, watch(...given)),
  };
  const { suspending } = createPollOneoff({ select: { host: counting }, memory, fds });
  const call = { params: ["i32", "i32", "i32", "i32"], results: ["i32"] };
  const module = await WebAssembly.compile(passing({ call }));
  const { exports } = await WebAssembly.instantiate(module, {
    host: { call: suspending as WebAssembly.ImportValue },
  });
  return { memory, plain: exports["call"] as GuestPollOneoff, waits: () => waits };
}

test(
  "a call that must wait throws SuspendError under an export that is not promising",
  scoped(async (s) => {
    const [r, w] = s.pipe();
    const { memory, plain, waits } = await callerOf(new Map([[0, r]]));
    const polled = (): unknown => oneoff(memory, plain, { read: 0 });
    assert.match(await refusal(polled), /^SuspendError: /);
    os.write(w, "x");
    assert.is((polled() as Event[]).length, 1);
    assert.is(waits(), 0, "no wait goes on without its guest");
  }),
);

test("an error of a source's own function unwinds the guest", async () => {
  const source = new FakeSource();
  const program = await startProgram("doze", { args: ["1", "-1"], fds: [[0, source]] });
  assert.ok(await isPending(program.ended));
  source.ready = () => {
    throw new RangeError("the source is broken");
  };
  source.set(EVENT_IN);
  assert.is(await refusal(() => program.ended), "RangeError: the source is broken");
});

every("startSuspending refuses what exports no _start, and JavaScript without JSPI", async () => {
  const module = await WebAssembly.compile(passing({ call: { params: [], results: [] } }));
  const instance = await WebAssembly.instantiate(module, { host: { call: () => {} } });
  const starting = await refusal(() => startSuspending(instance));
  const importing = await refusal(() => suspendingImport("x", 1, () => 0));
  if (!HAS_JSPI) {
    assert.match(starting, /^Error: startSuspending: this JavaScript has no JSPI/);
    assert.match(importing, /^Error: x: this JavaScript has no JSPI/);
    return;
  }
  assert.is(
    starting,
    "TypeError: startSuspending: instance must export a function _start, it has memory, call",
  );
  const nothing = await refusal(() => startSuspending(undefined as never));
  assert.match(nothing, /^TypeError: startSuspending: instance must export .*, it has nothing$/);
  assert.match(importing, /^nothing was thrown/);
});

every.run();
