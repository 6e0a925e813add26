// Makes random calls of the functions that a guest imports, and looks for a call that throws, has a result that it
// cannot have, or changes a byte that is not its own.

import { openDescriptors } from "../../support/files.ts";
import { Arena, type ArenaKind, HIGH } from "./arena.ts";
import { Draw } from "./draw.ts";
import { EMSCRIPTEN } from "./emscripten.ts";
import type { Call, Functions, Group, Session, World } from "./group.ts";
import { OMNIPOLL } from "./omnipoll.ts";
import { ONEOFF } from "./oneoff.ts";
import { PREVIEW1 } from "./preview1.ts";
import { BoundedHost, makeTargets } from "./surroundings.ts";

export const GROUPS: readonly Group[] = [ONEOFF, PREVIEW1, OMNIPOLL, EMSCRIPTEN];

/** Calls of one guest; then another one has new descriptors. */
const CALLS_OF_A_GUEST = 400;
const KINDS: readonly ArenaKind[] = [
  [1, 2, false],
  [1, 2, false],
  [1, 3, false],
  [3, 4, false],
  [1, 2, true],
];
/** One of so many guests has a memory of more than 2 GiB. */
const HIGH_GUESTS = 8;
/** The memory may grow during one of so many calls. */
const GROWING_CALLS = 40;
/** Names of the functions whose result is 0 or an error number. */
const ERRNO = /^(?:poll|fd|path|sock)_/;
/** Words of the memory that change before a call. */
const SCRIBBLES = 4;

/** Replaces functions by others: a bug is planted. */
export type Plant = (functions: Functions, memory: () => WebAssembly.Memory) => Functions;

export interface Options {
  readonly group: Group;
  readonly seed: number;
  readonly calls: number;
  readonly plant?: Plant;
  /** Is told of each call before it is made. */
  readonly before?: (i: number, call: Call) => void;
}

/** What was found. */
export interface Report {
  /** The calls that were made. */
  readonly calls: number;
  /** By name: how many calls succeeded, and how many failed. */
  readonly outcomes: Readonly<Record<string, readonly [succeeded: number, failed: number]>>;
  /** How often memory grew in the middle of a call. */
  readonly grown: number;
  /** Whether there was a memory of more than 2 GiB. */
  readonly hadHigh: boolean;
  /** The call that does what it must not, and how to make it again; undefined if there was none. */
  readonly failure: string | undefined;
}

export function textOf({ name, given }: Call): string {
  return `${name}(${given.join(", ")})`;
}

/** One run of the fuzzer. */
class Run {
  readonly #options: Options;
  readonly #draw: Draw;
  readonly #bounded = new BoundedHost();
  readonly #arenas = new Map<ArenaKind, Arena>();
  #arena: Arena;
  #isAbsent = false;
  #grows = false;
  #session: Session | undefined;
  #functions: Functions = {};
  readonly #outcomes: Record<string, [number, number]> = {};
  #grown = 0;
  #hadHigh = false;
  #guests = 0;

  constructor(options: Options) {
    this.#options = options;
    this.#draw = new Draw(options.seed);
    this.#arena = this.#arenaOf(KINDS[0] as ArenaKind);
    this.#bounded.during = () => this.#growOnce();
  }

  /** Grows the memory in the middle of a call, if the call is to have that. */
  #growOnce(): void {
    if (!this.#grows || !this.#arena.canGrow) return;
    this.#grows = false;
    this.#grown++;
    this.#arena.memory.grow(1);
  }

  /** A memory that can grow. */
  #arenaOf(kind: ArenaKind): Arena {
    const known = this.#arenas.get(kind);
    if (known?.canGrow === true) return known;
    const arena = new Arena(kind);
    this.#arenas.set(kind, arena);
    return arena;
  }

  /** A memory of more than 2 GiB, where there is that much address space. */
  #highArena(): Arena {
    try {
      const arena = this.#arenaOf(HIGH);
      this.#hadHigh = true;
      return arena;
    } catch (error) {
      if (error instanceof RangeError) return this.#arenaOf(KINDS[0] as ArenaKind);
      throw error;
    }
  }

  #open(): void {
    this.close();
    const draw = this.#draw;
    const isHigh = this.#guests++ % HIGH_GUESTS === 1;
    this.#arena = isHigh ? this.#highArena() : this.#arenaOf(draw.pick(...KINDS));
    const world: World = {
      draw,
      arena: () => this.#arena,
      memory: () => (this.#isAbsent ? undefined : this.#arena.memory) as WebAssembly.Memory,
      bounded: this.#bounded,
      targets: makeTargets(() => this.#growOnce()),
    };
    this.#session = this.#options.group.open(world);
    const { functions } = this.#session;
    this.#functions = this.#options.plant?.(functions, () => this.#arena.memory) ?? functions;
  }

  close(): void {
    this.#session?.guest.dispose();
    this.#session = undefined;
  }

  /** Changes some words of the memory. */
  #scribble(): void {
    const { view } = this.#arena;
    for (const [at, length] of this.#arena.parts) {
      for (let i = 0; i < SCRIBBLES; i++) {
        view.setInt32(at + 4 * this.#draw.below(length / 4), this.#draw.word(), true);
      }
    }
  }

  /** Makes a call; returns what is wrong. */
  #make(call: Call): string | undefined {
    const arena = this.#arena;
    this.#bounded.begin();
    let result: unknown;
    try {
      result = (this.#functions[call.name] as (...given: unknown[]) => unknown)(...call.given);
    } catch (error) {
      return `threw ${String((error as Error)?.stack ?? error)}`;
    }
    const [least, most] = this.#options.group.results;
    if (
      typeof result !== "number" ||
      !Number.isInteger(result) ||
      result < least ||
      result > most
    ) {
      return `returned ${String(result)}`;
    }
    const isDone = ERRNO.test(call.name) ? result === 0 : result >= 0;
    const counts = (this.#outcomes[call.name] ??= [0, 0]);
    counts[isDone ? 0 : 1]++;
    if (result > 0 && isDone) call.opened?.(result);
    const changed = arena.changed(call.wrote(result));
    if (changed !== undefined) return `returned ${result} and changed the byte at ${changed}`;
    const fault = this.#isAbsent ? undefined : call.fault?.(result);
    return fault === undefined ? undefined : `returned ${result} and reported ${fault}`;
  }

  run(): Report {
    const { calls, before, group, seed } = this.#options;
    let failure: string | undefined;
    /** The first calls of a guest, which are made before its memory is known. */
    let withoutMemory = 0;
    let i = 0;
    for (; i < calls && failure === undefined; i++) {
      const ofGuest = i % CALLS_OF_A_GUEST;
      if (ofGuest === 0) {
        this.#open();
        withoutMemory = this.#draw.once(2) ? this.#draw.below(6) : 0;
      }
      this.#isAbsent = false;
      this.#arena.follow();
      this.#scribble();
      this.#draw.isTame = !this.#draw.once(3);
      const call = (this.#session as Session).next();
      this.#arena.remember();
      this.#isAbsent = ofGuest < withoutMemory;
      this.#grows = this.#draw.once(GROWING_CALLS);
      before?.(i, call);
      const wrong = this.#make(call);
      this.#grows = false;
      if (wrong !== undefined) {
        failure = `${group.name}, seed ${seed}, call ${i}: ${textOf(call)} ${wrong}`;
      }
    }
    this.close();
    return {
      calls: i,
      outcomes: this.#outcomes,
      grown: this.#grown,
      hadHigh: this.#hadHigh,
      failure,
    };
  }
}

/** Makes random calls until one does what it must not. */
export function fuzz(options: Options): Report {
  const open = openDescriptors();
  const run = new Run(options);
  let report: Report;
  try {
    report = run.run();
  } finally {
    run.close();
  }
  const left = openDescriptors() - open;
  if (report.failure === undefined && left > 0) {
    return {
      ...report,
      failure: `${options.group.name}, seed ${options.seed}: ${left} descriptors stay open`,
    };
  }
  return report;
}
