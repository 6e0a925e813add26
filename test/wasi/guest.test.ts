// createGuest: the numbers of a guest's descriptors, and what is behind them, without a guest's program.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import * as select from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import type { GuestOptions } from "../../wasi/guest/guest.ts";
import { FILESTAT_TYPE } from "../../wasi/guest/preview1.ts";
import { openDescriptors, writeFileSync } from "../support/files.ts";
import { FakeSource } from "./fake-source.ts";
import { made, OUT, STAT, withGuest } from "./plain-guest.ts";

const [AGAIN, BADF, BUSY, NOENT, NOTDIR, NOTSUP, SPIPE] = [6, 8, 10, 44, 54, 58, 70];
const NONBLOCK = 4;

test(
  "numbers of the host are not the guest's, and closing the guest's leaves the host's open",
  withGuest((make, s) => {
    const [r] = s.pipe();
    const { call, read, close } = make({ fds: [[900, r]] });
    assert.is(read(r, 1), BADF);
    assert.is(call("fd_close", 900), 0);
    assert.is(call("fd_close", 900), BADF);
    assert.is(close(900), false);
    assert.is(os.get_blocking(r), false);
  }),
);

test("an owned descriptor is closed with the guest's", () => {
  const before = openDescriptors();
  const [r, w] = os.pipe();
  const guest = made({ stdin: { fd: r, owned: true }, stdout: { fd: w, owned: true } });
  assert.is(guest.call("fd_close", 0), 0);
  guest.dispose();
  assert.is(openDescriptors(), before);
});

test(
  "fd_renumber gives a descriptor another number, and closes what that was",
  withGuest((make, s) => {
    const [r, w] = s.pipe();
    const [r2] = s.pipe();
    const { call, read } = make({
      fds: [
        [5, r],
        [6, r2],
      ],
    });
    os.write(w, "ab");
    assert.is(call("fd_renumber", 5, 6), 0);
    assert.is(read(6, 1), "a");
    assert.is(read(5, 1), BADF);
    assert.is(call("fd_renumber", 6, 6), 0);
    assert.is(read(6, 1), "b");
    assert.is(call("fd_renumber", 6, 77), BADF);
    assert.is(call("fd_renumber", 77, 6), BADF);
  }),
);

test(
  "a pair and an eventfd can be opened by path",
  withGuest((make) => {
    const { call, open, preopen, poll, read, write } = make();
    const folder = preopen();
    const [a] = open(folder, "pair/x/a") as [number];
    const [b] = open(folder, "./pair/x/b", NONBLOCK) as [number];
    assert.is(read(b, 1), AGAIN);
    assert.equal(write(a, "ping"), [4]);
    assert.is(read(b, 9), "ping");
    const [again] = open(folder, "pair/x/a") as [number];
    assert.is(open(folder, "pair/x/a"), BUSY);
    assert.is.not(again, a);
    const [counter] = open(folder, "eventfd/wake") as [number];
    const [other] = open(folder, "eventfd/wake", NONBLOCK) as [number];
    assert.equal(write(counter, "\u0003\0\0\0\0\0\0\0"), [8]);
    assert.is((poll({ read: other }) as unknown[]).length, 1);
    assert.is(read(other, 8), "\u0003\0\0\0\0\0\0\0");
    assert.is(read(other, 8), AGAIN);
    for (const path of ["pair/x", "pair/x/c", "pair//a", "nothing", "eventfd/"]) {
      assert.is(open(folder, path), NOENT, path);
    }
    assert.is(open(a, "pair/x/b"), NOTDIR);
    assert.is(call("fd_seek", a, 0n, 0, OUT), SPIPE);
    assert.is(call("fd_close", a), 0);
    assert.is(read(b, 1), "");
  }),
);

test(
  "descriptors below the preopen do not hide it",
  withGuest((make, s) => {
    const [r, w] = s.pipe();
    const { preopen, read } = make({ fds: [[3, r]] });
    assert.is(preopen(), 4);
    os.write(w, "x");
    assert.is(read(3, 1), "x");
  }),
);

test(
  "what the guest does not have is the runtime's",
  withGuest((make) => {
    const calls: unknown[][] = [];
    let memory: WebAssembly.Memory | undefined;
    const under = {
      fd_fdstat_get(fd: number, to: number): number {
        if (fd !== 3) return BADF;
        new Uint8Array((memory as WebAssembly.Memory).buffer, to, 24).fill(4);
        return 0;
      },
      fd_read: (...given: unknown[]) => calls.push(given) && 0,
    };
    const guest = make({ under });
    ({ memory } = guest);
    guest.bytes.fill(9, 65_536 - 24);
    const [event] = guest.poll({ read: 3 }) as Array<{ error: number }>;
    assert.is(event?.error, 0);
    assert.equal([...guest.bytes.subarray(65_536 - 24)], Array(24).fill(9));
    const [missing] = guest.poll({ read: 4 }) as Array<{ error: number }>;
    assert.is(missing?.error, BADF);
    assert.is(guest.call("fd_read", 3, 1, 2, 3), 0);
    assert.equal(calls, [[3, 1, 2, 3]]);
    assert.is(guest.call("fd_write", 3, 1, 2, 3), NOTSUP);
    assert.is(guest.call("fd_write", 4, 1, 2, 3), BADF);
  }),
);

test(
  "a descriptor of the guest is duplicated by its path",
  withGuest((make, s) => {
    const [r, w] = s.pipe();
    const { call, open, preopen, read } = make({
      fds: [
        [20, r],
        [21, new FakeSource()],
      ],
    });
    const folder = preopen();
    const [copy] = open(folder, "fd/20") as [number];
    assert.is.not(copy, 20);
    assert.is(call("fd_close", 20), 0);
    os.write(w, "x");
    assert.is(read(copy, 1), "x");
    assert.is(open(folder, "fd/20"), NOENT);
    assert.is(open(folder, "fd/21"), NOTSUP);
  }),
);

test(
  "numbers are the lowest free ones, or in turn",
  withGuest((make) => {
    for (const [numbers, again] of [
      ["lowest", 512],
      ["in turn", 514],
    ] as const) {
      const { call, open, preopen } = make({ numbers });
      const folder = preopen();
      assert.equal(open(folder, "eventfd/a"), [512]);
      assert.equal(open(folder, "eventfd/b"), [513]);
      assert.is(call("fd_close", 512), 0);
      assert.equal(open(folder, "eventfd/c"), [again]);
    }
  }),
);

test(
  "a file of the runtime does not get a number that is the guest's",
  withGuest((make) => {
    let next = 3;
    const opened: number[] = [];
    let view: DataView | undefined;
    const under = {
      path_open(...given: unknown[]): number {
        opened.push(given[4] as number);
        view?.setUint32(given[8] as number, next++, true);
        return 0;
      },
    };
    const { memory, open, preopen } = make({ under });
    view = new DataView(memory.buffer);
    assert.is(preopen(), 3);
    assert.equal(open(99, "file"), [4]);
    assert.equal(opened, [0, 0]);
  }),
);

test(
  "the runtime's descriptor with a number that is or was the guest's stays out of reach",
  withGuest((make, s) => {
    const asked: string[] = [];
    let view: DataView | undefined;
    const runtimes = (name: string) => (): number => {
      asked.push(name);
      return 0;
    };
    const names = ["fd_fdstat_get", "fd_write", "fd_close", "path_rename", "path_link"];
    const under = {
      ...Object.fromEntries(names.map((name) => [name, runtimes(name)])),
      path_open(...given: unknown[]): number {
        view?.setUint32(given[8] as number, 9, true);
        return 0;
      },
    };
    const [, w] = s.pipe();
    const { call, memory, open, poll, write } = make({ stdout: w, fds: [[9, w]], under });
    view = new DataView(memory.buffer);
    assert.equal(write(1, "x"), [1]);
    assert.is(call("fd_close", 1), 0);
    assert.is(write(1, "x"), BADF);
    assert.is(call("fd_close", 1), BADF);
    assert.is(call("fd_renumber", 9, 1), BADF);
    const [event] = poll({ write: 1 }) as Array<{ error: number }>;
    assert.is(event?.error, BADF);
    assert.is(call("path_rename", 5, 0, 0, 1, 0, 0), BADF);
    assert.is(call("path_link", 5, 0, 0, 0, 9, 0, 0), BADF);
    assert.equal(
      asked.filter((name) => name !== "fd_fdstat_get"),
      [],
    );
    // A number that the runtime hands out itself later is its own.
    assert.is(call("fd_close", 9), 0);
    assert.is(call("fd_write", 9, 0, 0, OUT), BADF);
    assert.equal(open(99, "file"), [9]);
    assert.is(call("fd_write", 9, 0, 0, OUT), 0);
    assert.is(asked.at(-1), "fd_write");
  }),
);

test(
  "an object of JavaScript is a descriptor",
  withGuest((make) => {
    const source = new FakeSource();
    const { call, poll, read, stat } = make({ fds: [[8, source]] });
    assert.equal(stat(8), [6, 0]);
    assert.is(call("fd_fdstat_set_flags", 8, NONBLOCK), 0);
    assert.is(read(8, 3), AGAIN);
    source.set(select.POLLIN, 5);
    assert.is((poll({ read: 8 }) as unknown[]).length, 1);
    assert.is((read(8, 3) as string).length, 3);
  }),
);

test("targets that are none are refused, and nothing stays open", () => {
  const before = openDescriptors();
  const [r, w] = os.pipe();
  const bad: Array<[Partial<GuestOptions>, RegExp]> = [
    [{ stdin: { fd: r, owned: true }, stdout: 99_999 }, /descriptor 99999 is not open/],
    [{ fds: [[-1, w]] }, /whole number.*-1/],
    [{ fds: [[1.5, w]] }, /whole number.*1\.5/],
    [{ fds: [[4, "x" as never]] }, /descriptor 4 of the guest: string/],
    [{ fds: [[4, null as never]] }, /descriptor 4 of the guest: null/],
  ];
  for (const [options, message] of bad) assert.throws(() => made(options), message);
  os.close(w);
  assert.is(openDescriptors(), before);
});

test(
  "a regular file has its type and is always ready",
  withGuest((make, s) => {
    const path = `${s.folder()}/file`;
    writeFileSync(path, "content");
    const { poll, read, stat, bytes, call } = make({ fds: [[4, s.open(path)]] });
    assert.equal(stat(4), [4, 0]);
    assert.is(call("fd_filestat_get", 4, STAT), 0);
    assert.is(bytes[STAT + FILESTAT_TYPE], 4);
    assert.is((poll({ read: 4 }, { write: 4 }) as unknown[]).length, 2);
    assert.is(read(4, 3, 9), "content");
  }),
);

test.run();
