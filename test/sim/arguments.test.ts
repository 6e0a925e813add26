// omnipoll/sim refuses impossible arguments with an error that names the argument and the value.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { createSim, joinSim, Sim, type Ticket } from "../../bindings/node/sim.ts";

type Refused = readonly [name: string, message: string, call: (sim: Sim) => unknown];

/** Any value as an argument, without the type that the call declares. */
const any = (value: unknown): never => value as never;

const big = (value: number): never => any(BigInt(value));

const noop = (): void => undefined;

const TYPES: readonly Refused[] = [
  ["TypeError", 'seconds must be a number, got "1"', (sim) => sim.at(any("1"), noop)],
  ["ValueError", "seconds must be at least 0 seconds, got -1", (sim) => sim.at(-1, noop)],
  ["ValueError", "seconds must be at least 0 seconds, got NaN", (sim) => sim.advance(NaN)],
  ["OverflowError", "seconds must be finite, got Infinity", (sim) => sim.advance(Infinity)],
  ["TypeError", "action must be a function, got null", (sim) => sim.at(1, any(null))],
  ["TypeError", "action must be a function, got 5", (sim) => sim.every(1, any(5))],
  ["ValueError", "seconds must be more than 0, got 0", (sim) => sim.every(0, noop)],
  ["TypeError", "kernel must be the kernel of a Sim, got 1", () => createSim({ kernel: any(1) })],
  ["TypeError", "ticket must come from Sim.invite(), got null", () => joinSim(any(null))],
  [
    "TypeError",
    "ticket must come from Sim.invite(), got an object of Object",
    () => joinSim({ name: "linux" } as Ticket),
  ],
];

const DESCRIPTORS: readonly Refused[] = [
  [
    "TypeError",
    'options have no "inital", but initial, interval, absolute, blocking',
    (sim) => sim.timerfd(any({ inital: 1 })),
  ],
  [
    "TypeError",
    "blocking must be true or false, got 0",
    (sim) => sim.timerfd({ blocking: any(0) }),
  ],
  [
    "ValueError",
    "interval must be at least 0 seconds, got -2",
    (sim) => sim.timerfd({ interval: -2 }),
  ],
  [
    "TypeError",
    "absolute must be true or false, got 1",
    (sim) => sim.timerfd_settime(sim.timerfd(), { absolute: any(1) }),
  ],
  [
    "TypeError",
    'times have no "blocking", but initial, interval, absolute',
    (sim) => sim.timerfd_settime(sim.timerfd(), any({ blocking: true })),
  ],
  ["TypeError", 'fd must be an integer, got "3"', (sim) => sim.timerfd_gettime(any("3"))],
  [
    "TypeError",
    'mask must be an array of signals, got "SIGINT"',
    (sim) => sim.signalfd(any("SIGINT")),
  ],
  [
    "ValueError",
    'signal must be a name like "SIGTERM" or a number from 1 to 64, got "SIGFOO"',
    (sim) => sim.signalfd([any("SIGFOO")]),
  ],
];

const FILES: readonly Refused[] = [
  ["TypeError", "path must be a string, got 3", ({ files }) => files.open(any(3))],
  [
    "ValueError",
    'path must not contain a null character, got "/tmp/a\\u0000b"',
    ({ files }) => files.open("/tmp/a\0b"),
  ],
  [
    "ValueError",
    'flags must be one of r, r+, w, w+, wx, a, a+, ax, or O_* bits, got "constructor"',
    ({ files }) => files.open("/tmp/f", any("constructor")),
  ],
  ["TypeError", "flags must be an integer, got 0.5", ({ files }) => files.open("/tmp/f", 0.5)],
  ["ValueError", "mode must not be negative, got -1", ({ files }) => files.open("/tmp/f", "w", -1)],
  [
    "TypeError",
    'mode must be an integer, got "755"',
    ({ files }) => files.mkdir("/tmp/d", any("755")),
  ],
  [
    "TypeError",
    "to must be a string, got undefined",
    ({ files }) => files.rename("/tmp/f", any(undefined)),
  ],
  ["TypeError", "size must be an integer, got NaN", ({ files }) => files.truncate("/tmp/f", NaN)],
  [
    "TypeError",
    "data must be a Uint8Array or a string, got 5",
    ({ files }) => files.writeFile("/tmp/f", any(5)),
  ],
  [
    "ValueError",
    'whence must be "set", "cur" or "end", got "start"',
    ({ files }) => files.lseek(files.open("/tmp/f", "w"), 0, any("start")),
  ],
  [
    "TypeError",
    "offset must be an integer, got 1.5",
    ({ files }) => files.pwrite(files.open("/tmp/f", "w"), "x", 1.5),
  ],
  [
    "ValueError",
    "mtime must be at least 0 seconds, got NaN",
    ({ files }) => files.utimes("/tmp", NaN),
  ],
  [
    "TypeError",
    'mode have no "canonic", but canonical, echo, vmin, newlines',
    ({ files }) => files.setMode(0, any({ canonic: false })),
  ],
  [
    "ValueError",
    "mode.vmin must be from 0 to 255, got 256",
    ({ files }) => files.setMode(0, { vmin: 256 }),
  ],
  ["TypeError", "on must be true or false, got 1", ({ files }) => files.setPacketMode(0, any(1))],
  [
    "TypeError",
    "bytes must be an integer, got 0.5",
    ({ files, os }) => files.setPipeSize(os.pipe()[0], 0.5),
  ],
];

const OTHERS: readonly Refused[] = [
  [
    "ValueError",
    'name must be 1 to 15 bytes without "/", ":" or white space, got "eth 0"',
    ({ interfaces }) => interfaces.add("eth 0"),
  ],
  [
    "TypeError",
    "name must be a string, got undefined",
    ({ interfaces }) => interfaces.add(any(undefined)),
  ],
  [
    "TypeError",
    'options have no "upp", but up, carrier',
    ({ interfaces }) => interfaces.add("eth0", any({ upp: true })),
  ],
  [
    "TypeError",
    "isThere must be true or false, got undefined",
    ({ interfaces }) => interfaces.add("eth0").carrier(any(undefined)),
  ],
  [
    "TypeError",
    "status must be an integer, got 0.5",
    ({ processes }) => processes.fork().exit(0.5),
  ],
  ["TypeError", "name must be a string, got 1", ({ processes }) => processes.fork().exec(any(1))],
  ["TypeError", "parent must be a SimProcess, got 1", ({ processes }) => processes.fork(any(1))],
  [
    "ValueError",
    "group must be from 1 to 4194304, got 0",
    ({ processes }) => (processes.program.group = 0),
  ],
  [
    "TypeError",
    "handler must be a function, got undefined",
    ({ signals }) => signals.on("SIGUSR1", any(undefined)),
  ],
  [
    "ValueError",
    'signal must be a name like "SIGTERM" or a number from 1 to 64, got 65',
    ({ signals }) => signals.block(65),
  ],
];

const AREAS: ReadonlyArray<readonly [area: string, calls: readonly Refused[]]> = [
  ["times, actions, tickets", TYPES],
  ["timerfd and signalfd", DESCRIPTORS],
  ["files", FILES],
  ["interfaces, processes, signals", OTHERS],
];

for (const [area, calls] of AREAS) {
  test(`impossible arguments: ${area}`, () => {
    for (const [name, message, call] of calls) {
      let error: unknown;
      try {
        call(createSim());
      } catch (thrown) {
        error = thrown;
      }
      assert.ok(error instanceof Error, `${message}: nothing was thrown`);
      assert.equal([(error as Error).name, (error as Error).message], [name, message]);
    }
  });
}

test("an integer may be a bigint, as in omnipoll/os", () => {
  const sim = createSim({ seed: big(7), descriptorLimit: big(64), traceLimit: big(3) });
  const { files, os } = sim;
  const fd = files.open("/tmp/f", "w+");
  assert.is(files.pwrite(big(fd), "hello", big(3)), 5);
  assert.is(files.lseek(fd, big(2), "set"), 2);
  assert.is(files.lseek(fd, big(1), "cur"), 3);
  files.truncate(fd, big(4));
  files.truncate("/tmp/f", big(5));
  assert.is(files.stat("/tmp/f").size, 5);
  assert.is(files.setPipeSize(os.pipe()[0], big(8192)), 8192);
  const signals = sim.signalfd([10]);
  assert.is(sim.signalfd([12], big(signals)), signals);
  assert.is(sim.trace().length, 3);
});

test("pwrite refuses a negative offset, and writes nothing", () => {
  const { files } = createSim();
  const fd = files.open("/tmp/f", "w");
  assert.throws(() => files.pwrite(fd, "x", -1), /EINVAL.*pwrite, 3, -1/);
  assert.throws(() => files.pwrite(99, "x", -1), /EINVAL/);
  assert.equal([files.stat(fd).size, files.stat(fd).blocks], [0, 0]);
});

test("writeFile and readFile close the file when the transfer fails", () => {
  const { files, os } = createSim();
  files.writeFile("/tmp/f", "x");
  os.mkfifo("/tmp/fifo");
  const free = (): number => {
    const fd = os.dup(0);
    os.close(fd);
    return fd;
  };
  const before = free();
  assert.throws(() => files.writeFile("/tmp/f", "x", "r"), /EBADF/);
  assert.throws(() => files.readFile("/tmp"), /EISDIR/);
  files.truncate("/tmp/f", 2 ** 60);
  assert.throws(() => files.readFile("/tmp/f"), RangeError);
  assert.is(free(), before);
});

test("a refused call leaves nothing behind", () => {
  const sim = createSim();
  const count = (): number => sim.inspect().files.length;
  const before = count();
  assert.throws(() => sim.timerfd({ initial: -1 }));
  assert.throws(() => sim.signalfd([1], -1, { blocking: any("no") }));
  assert.throws(() => sim.files.writeFile("/tmp/f", any(null)));
  assert.is(count(), before);
  assert.is(sim.files.exists("/tmp/f"), false);
});

test.run();
