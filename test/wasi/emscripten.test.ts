// forEmscripten: its system calls alone, and the programs of wasi/guests/emscripten beside Emscripten's own.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import * as os from "../../bindings/node/os.ts";
import * as select from "../../bindings/node/select.ts";
import { type EmscriptenImports, forEmscripten } from "../../wasi/adapters/emscripten.ts";
import { scoped } from "../support/descriptors.ts";
import { CODE, PRINTED } from "./poll-select-output.ts";
import { waited, waitingStreams } from "./poll-wait.ts";

const [BADF, FAULT, INVAL, NOTTY] = [8, 21, 28, 59];
const [TIOCGWINSZ, FIONREAD, FIONBIO] = [0x5413, 0x541b, 0x5421];
const [F_SETFD, F_GETFL, F_SETFL] = [2, 3, 4];
const [O_RDWR, O_NONBLOCK] = [2, 0x800];

/** poll(2) and select(2) of a program of Emscripten that has a memory and no code. */
function emscripten(fds: ReadonlyMap<number, number>, env: object = {}) {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const imports = forEmscripten({ env, other: {} } as object, { select, os, memory, fds });
  const calls = imports["env"] as Record<string, (...given: number[]) => number>;
  return { view: new DataView(memory.buffer), calls, names: Object.keys(imports) };
}

test(
  "poll of Emscripten waits for ours, and asks Emscripten about its own",
  scoped((s) => {
    const [r, w] = s.pipe();
    os.write(w, "x");
    const asked: number[] = [];
    let view = new DataView(new ArrayBuffer(0));
    const theirs = (at: number): number => {
      asked.push(view.getInt32(at, true));
      view.setUint16(at + 6, 4, true);
      return 1;
    };
    const program = emscripten(new Map([[20, r]]), { __syscall_poll: theirs });
    ({ view } = program);
    assert.equal(program.names.sort(), ["env", "omnipoll", "other", "wasi_snapshot_preview1"]);
    const [POLLIN, POLLOUT] = [1, 4];
    for (const [i, [fd, events]] of [
      [20, POLLIN],
      [3, POLLOUT],
      [-1, POLLIN],
    ].entries()) {
      view.setInt32(1024 + 8 * i, fd as number, true);
      view.setUint32(1028 + 8 * i, events as number, true);
    }
    assert.is(program.calls["__syscall_poll"]?.(1024, 3, -1), 2);
    assert.equal(
      [0, 1, 2].map((i) => view.getUint16(1030 + 8 * i, true)),
      [POLLIN, POLLOUT, 0],
    );
    assert.equal(asked, [3]);
    os.read(r, 1);
    assert.is(program.calls["__syscall_poll"]?.(1024, 1, 5), 0);
    assert.is(program.calls["__syscall_poll"]?.(65_530, 1, 0), -21);
  }),
);

test(
  "select of Emscripten: bitmaps, a timeval, and a descriptor that is closed",
  scoped((s) => {
    const [r, w] = s.pipe();
    const [closed] = s.pipe();
    const { view, calls } = emscripten(
      new Map([
        [20, r],
        [35, w],
        [36, closed],
      ]),
    );
    s.close(closed);
    const [readers, writers, time] = [1024, 2048, 4096] as const;
    const newselect = (count: number): number | undefined =>
      calls["__syscall__newselect"]?.(count, readers, writers, 0, time);
    view.setUint32(readers, 1 << 20, true);
    view.setUint32(writers + 4, 1 << 3, true);
    assert.is(newselect(36), 1);
    assert.is(view.getUint32(readers, true), 0);
    assert.is(view.getUint32(writers + 4, true), 1 << 3);

    view.setUint32(readers, 1 << 20, true);
    view.setUint32(writers + 4, 0, true);
    view.setInt32(time + 8, 2000, true);
    const before = select.host.now();
    assert.is(newselect(36), 0);
    assert.ok(select.host.now() - before >= 2);
    os.write(w, "x");
    view.setUint32(readers, 1 << 20, true);
    assert.is(newselect(36), 1);
    assert.is(view.getUint32(readers, true), 1 << 20);

    view.setUint32(writers + 4, 1 << 4, true);
    assert.is(newselect(37), -BADF);
    view.setInt32(time + 8, 1_000_000, true);
    assert.is(newselect(37), -28);
  }),
);

test("a number that neither we nor Emscripten have is not open", () => {
  const closed = { __syscall_poll: () => 0, __syscall_ioctl: () => -BADF };
  const [POLLIN, POLLNVAL] = [1, 32];
  for (const env of [closed, { __syscall_fcntl64: () => -BADF, __syscall_ioctl: () => 0 }]) {
    const { view, calls } = emscripten(new Map(), env);
    view.setInt32(1024, 77, true);
    view.setUint32(1028, POLLIN, true);
    assert.is(calls["__syscall_poll"]?.(1024, 1, -1), 1);
    assert.is(view.getUint16(1030, true), POLLNVAL);
    view.setUint32(2048 + 8, 1 << 13, true);
    assert.is(calls["__syscall__newselect"]?.(78, 2048, 0, 0, 0), -BADF);
  }
});

test(
  "FIONREAD, FIONBIO and the flags of our descriptors; others are Emscripten's",
  scoped((s) => {
    const [r, w] = s.pipe();
    const asked: unknown[] = [];
    const theirs = (...given: unknown[]): number => asked.push(given);
    const env = { __syscall_ioctl: theirs, __syscall_fcntl64: theirs };
    const fds = new Map([
      [20, r],
      [21, s.own(os.eventfd(3))],
    ]);
    const { view, calls } = emscripten(fds, env);
    const [varargs, to] = [1024, 2048];
    const ioctl = (fd: number, command: number, value = -1): number | undefined => {
      view.setUint32(varargs, to, true);
      view.setInt32(to, value, true);
      return calls["__syscall_ioctl"]?.(fd, command, varargs);
    };
    const fcntl = (fd: number, command: number, value = 0): number | undefined => {
      view.setUint32(varargs, value, true);
      return calls["__syscall_fcntl64"]?.(fd, command, varargs);
    };
    assert.is(ioctl(20, FIONREAD), 0);
    assert.is(view.getInt32(to, true), 0);
    os.write(w, "abc");
    assert.is(ioctl(20, FIONREAD), 0);
    assert.is(view.getInt32(to, true), 3);
    assert.is(ioctl(21, FIONREAD), -NOTTY);
    assert.is(calls["__syscall_ioctl"]?.(20, FIONREAD, 65_533), -FAULT);
    view.setUint32(varargs, 65_533, true);
    assert.is(calls["__syscall_ioctl"]?.(20, FIONREAD, varargs), -FAULT);
    assert.is(ioctl(20, TIOCGWINSZ), -NOTTY, "no terminal");
    assert.is(ioctl(20, 0x1234), -NOTTY);

    assert.is(fcntl(20, F_GETFL), O_RDWR);
    assert.is(ioctl(20, FIONBIO, 1), 0);
    assert.is(fcntl(20, F_GETFL), O_RDWR | O_NONBLOCK);
    assert.is(fcntl(20, F_SETFL, O_RDWR), 0);
    assert.is(fcntl(20, F_GETFL), O_RDWR);
    assert.is(fcntl(20, F_SETFD, 1), 0);
    assert.is(fcntl(20, 99), -INVAL);
    assert.is(calls["__syscall_fcntl64"]?.(20, F_SETFL, -1), -FAULT);

    assert.equal(asked, []);
    assert.is(ioctl(3, FIONREAD), 1);
    assert.is(fcntl(3, F_GETFL), 2);
    assert.equal(asked, [
      [3, FIONREAD, varargs],
      [3, F_GETFL, varargs],
    ]);
    assert.is(emscripten(fds).calls["__syscall_ioctl"]?.(3, FIONREAD, varargs), -BADF);
  }),
);

const folder = new URL("../../../wasi/guests/emscripten/", import.meta.url);
const require = createRequire(import.meta.url);
const module = new WebAssembly.Module(readFileSync(new URL("programs.wasm", folder)));

type Instantiate = (
  imports: EmscriptenImports,
  done: (instance: WebAssembly.Instance) => void,
) => object;

/** The options of a program's module that are used here. */
interface ModuleOptions {
  readonly arguments: readonly string[];
  readonly instantiateWasm: Instantiate;
  readonly quit: (code: number) => void;
  readonly stdin?: () => number | null;
  readonly print?: (line: string) => void;
  readonly printErr?: (line: string) => void;
}
const createModule = require(fileURLToPath(new URL("programs.cjs", folder))) as (
  options: ModuleOptions,
) => Promise<object>;

/** Runs a program to its end; returns its exit code. */
async function run(
  name: readonly string[],
  wire: (imports: EmscriptenImports, memory: () => WebAssembly.Memory) => object,
  streams: Pick<ModuleOptions, "stdin" | "print" | "printErr"> = {},
): Promise<number> {
  let code = -1;
  let memory: WebAssembly.Memory | undefined;
  await createModule({
    ...streams,
    arguments: name,
    quit: (status) => void (code = status),
    instantiateWasm(imports, done) {
      const wired = wire(imports, () => memory as WebAssembly.Memory) as WebAssembly.Imports;
      const instance = new WebAssembly.Instance(module, wired);
      memory = instance.exports["memory"] as WebAssembly.Memory;
      done(instance);
      return instance.exports;
    },
  });
  return code;
}

/** Runs a program with Emscripten's own system calls. Returns what it prints. */
async function stock(...name: readonly string[]): Promise<string> {
  const input = [...Buffer.from("hello")];
  const lines: string[] = [];
  await run(name, (imports) => imports, {
    stdin: () => input.shift() ?? null,
    print: (line) => void lines.push(line),
    printErr: () => {},
  });
  return lines.map((line) => `${line}\n`).join("");
}

test(
  "poll, FIONREAD and select of a program: ours are right, Emscripten's own are not",
  scoped(async (s) => {
    const [stdin, into] = s.pipe();
    const [from, stdout] = s.pipe();
    os.write(into, "hello");
    const code = await run(["poll-select"], (imports, memory) =>
      forEmscripten(imports, { select, os, memory, timeBits: 32, stdin, stdout }),
    );
    assert.is(code, CODE);
    // Its absolute sleep is left out: Emscripten's C library takes the time for a duration.
    assert.is(os.read(from, 4096).toString(), PRINTED.replace(/^clock_nanosleep.*\n/m, ""));
    assert.is(
      await stock("poll-select"),
      // A closed number is left out, everything else is ready at all times, and there is no FIONREAD.
      "poll 2: in 1 out 1 nval 0\nioctl -1, -1 bytes\nread 5\npoll 1\n" +
        "select 2: in 1 out 1\nnanosleep 0\n",
    );
  }),
);

test(
  "a program waits for its standard input beside a file of Emscripten's; stock waits for nothing",
  scoped(async (s) => {
    const { streams, output } = await waitingStreams(s);
    const code = await run(["poll-wait", "/dev/null"], (imports, memory) =>
      forEmscripten(imports, { select, os, memory, timeBits: 32, ...streams }),
    );
    assert.is(code, 0);
    assert.is(await output(), waited("/dev/null: poll 2 in 1 out 1: "));
    assert.is(
      (await stock("poll-wait")).split("many")[0],
      "idle: poll 2 in 1 out 1\ntimeout: poll 1\ntimeout: select 1 in 1\n",
    );
  }),
);

test.run();
