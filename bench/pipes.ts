// Pipes for the contestants of this process, and contestants made of them.

import { close, pipe, set_blocking, write } from "../bindings/node/os.ts";
import { threadsOf } from "./child.ts";
import type { Contestant } from "./harness.ts";

/** A byte; the same array each time, so that writing it allocates nothing. */
export const BYTE = new Uint8Array([0x65]);

/** Pipes of one contestant, in one case. */
export class Pipes {
  readonly readers: number[] = [];
  readonly writers: number[] = [];

  /** `ready` of the first `among` pipes get a byte; a single one is in the middle. */
  constructor(count: number, ready = 0, among = count) {
    for (let i = 0; i < count; i++) {
      const [reader, writer] = pipe();
      set_blocking(reader, false);
      set_blocking(writer, false);
      this.readers.push(reader);
      this.writers.push(writer);
    }
    for (let i = 0; i < ready; i++) {
      write(this.writers[ready === 1 ? among >>> 1 : i] as number, BYTE);
    }
  }

  close(): void {
    for (const fd of [...this.readers, ...this.writers]) close(fd);
  }
}

/** Loops of contestants of this process, by name; `close` closes all but the pipes. */
export interface Loops {
  readonly loops: Readonly<Record<string, (calls: number) => number>>;
  close?(): void;
}

/** Contestants of this process called `names`, which share their pipes and registrations. */
export function contestants(
  names: readonly string[],
  makePipes: () => Pipes,
  makeLoops: (pipes: Pipes) => Loops,
): Contestant[] {
  let users = 0;
  let pipes: Pipes | undefined;
  let made: Loops | undefined;
  return names.map((name) => ({
    name,
    threads: threadsOf("self"),
    prepare: () => {
      users++;
      pipes ??= makePipes();
      made ??= makeLoops(pipes);
      return undefined;
    },
    run: (calls) => (made as Loops).loops[name]?.(calls) ?? NaN,
    finish: () => {
      if (--users > 0) return;
      made?.close?.();
      pipes?.close();
      made = pipes = undefined;
    },
  }));
}

/** The most pipes that can be registered at once below `limit` open files. */
export function mostPipes(limit: number): number {
  return Math.floor((limit - 200) / 2);
}

/** Descriptors that are registered together and removed together, to time each step alone. */
export const POOL = 64;

/** An object that registers descriptors. */
export interface Registers {
  register(fd: number, mask: number): void;
  unregister(fd: number): void;
}

/** Times the registrations (`adding`) or the removals of the last POOL pipes among the others. */
export function poolLoop(
  registry: Registers,
  { readers }: Pipes,
  mask: number,
  adding: boolean,
): (calls: number) => number {
  const pool = readers.slice(-POOL);
  for (const fd of readers.slice(0, -POOL)) registry.register(fd, mask);
  return (calls) => {
    let spent = 0;
    for (let call = 0; call < calls; call += POOL) {
      const start = performance.now();
      for (let i = 0; i < POOL; i++) registry.register(pool[i] as number, mask);
      const middle = performance.now();
      for (let i = 0; i < POOL; i++) registry.unregister(pool[i] as number);
      spent += adding ? middle - start : performance.now() - middle;
    }
    return spent * 1e6;
  };
}
