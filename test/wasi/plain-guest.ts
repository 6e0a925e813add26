// A guest without a program: its calls on plain values.

import * as assert from "uvu/assert";
import * as os from "../../bindings/node/os.ts";
import * as select from "../../bindings/node/select.ts";
import { createGuest, type GuestOptions } from "../../wasi/guest/guest.ts";
import { FDSTAT_FLAGS, FDSTAT_TYPE } from "../../wasi/guest/preview1.ts";
import { type Scope, scoped } from "../support/descriptors.ts";
import { oneoff, type Subscription } from "./subscriptions.ts";

/** Where things are in the memory. */
export const [VECTORS, DATA, OUT, STAT, PATH] = [64, 1024, 512, 256, 40_000] as const;

export type Call = (...given: unknown[]) => number;

/** A guest without a program: its memory, and its calls on plain values. */
export function made(options: Partial<GuestOptions> = {}) {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const guest = createGuest({ select, os, memory, ...options } as GuestOptions);
  const calls = guest.imports as unknown as Record<string, Call>;
  const view = new DataView(memory.buffer);
  const bytes = new Uint8Array(memory.buffer);
  const call = (name: string, ...given: unknown[]): number => (calls[name] as Call)(...given);

  /** Writes iovecs for lengths, one after the other from DATA on. */
  function vectors(lengths: readonly number[]): void {
    let at = DATA;
    for (const [i, length] of lengths.entries()) {
      view.setUint32(VECTORS + 8 * i, at, true);
      view.setUint32(VECTORS + 8 * i + 4, length, true);
      at += length;
    }
  }
  const text = (length: number): string =>
    new TextDecoder().decode(bytes.slice(DATA, DATA + length));
  const found = (): number => view.getUint32(OUT, true);

  const { set, close, dispose } = guest;
  return {
    set,
    close,
    dispose,
    memory,
    call,
    bytes,
    found,
    /** Text that was read, or an error number. */
    read(fd: number, ...lengths: number[]): string | number {
      vectors(lengths);
      return call("fd_read", fd, VECTORS, lengths.length, OUT) || text(found());
    },
    /** [bytes written], or an error number. */
    write(fd: number, ...texts: string[]): [number] | number {
      bytes.set(new TextEncoder().encode(texts.join("")), DATA);
      vectors(texts.map(({ length }) => length));
      return call("fd_write", fd, VECTORS, texts.length, OUT) || [found()];
    },
    /** [text, flags], or an error number. */
    recv(fd: number, flags: number, ...lengths: number[]): [string, number] | number {
      vectors(lengths);
      const error = call("sock_recv", fd, VECTORS, lengths.length, flags, OUT, OUT + 4);
      return error || [text(found()), view.getUint16(OUT + 4, true)];
    },
    /** [filetype, flags], or an error number. */
    stat(fd: number): [number, number] | number {
      const error = call("fd_fdstat_get", fd, STAT);
      const at = STAT + FDSTAT_FLAGS;
      return error || [bytes[STAT + FDSTAT_TYPE] as number, view.getUint16(at, true)];
    },
    /** [number], or an error number. */
    open(fd: number, path: string, fdflags = 0): [number] | number {
      const encoded = new TextEncoder().encode(path);
      bytes.set(encoded, PATH);
      const given = [fd, 0, PATH, encoded.length, 0, 0n, 0n, fdflags, OUT];
      return call("path_open", ...given) || [found()];
    },
    /** The number of the preopen. */
    preopen(): number {
      for (let fd = 3; ; fd++) {
        if (call("fd_prestat_get", fd, STAT) !== 0) throw new Error("no preopen");
        const length = view.getUint32(STAT + 4, true);
        assert.is(call("fd_prestat_dir_name", fd, PATH, length), 0);
        const name = new TextDecoder().decode(bytes.slice(PATH, PATH + length));
        if (name === "/dev/omnipoll") return fd;
      }
    },
    poll: (...given: Subscription[]) => oneoff(memory, calls["poll_oneoff"] as never, ...given),
  };
}

/** Makes a guest that is disposed at the end, and leaves no descriptor of the host open. */
export function withGuest(body: (make: typeof made, s: Scope) => void) {
  return scoped((s) => {
    const guests: Array<ReturnType<typeof made>> = [];
    const make: typeof made = (options) => {
      const guest = made(options);
      guests.push(guest);
      return guest;
    };
    try {
      body(make, s);
    } finally {
      for (const guest of guests) guest.dispose();
    }
  });
}
