// Pipes, dups of them and numbers that come back, at random, against a model of EVFILT_READ.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  BlockingIOError,
  FileNotFoundError,
  KQ_EV_ADD,
  KQ_EV_CLEAR,
  KQ_EV_DELETE,
  KQ_EV_DISPATCH,
  KQ_EV_ENABLE,
  KQ_EV_ONESHOT,
  KQ_FILTER_READ,
  kevent,
  type Kqueue,
  kqueue,
} from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { closeSync } from "../support/files.ts";
import { HAS_KQUEUE, OBSERVES } from "../support/world.ts";

const MODES = [0, 0, KQ_EV_CLEAR, KQ_EV_DISPATCH, KQ_EV_ONESHOT];

/** A pipe, with all descriptors to read from it. */
interface Pipe {
  readonly writer: number;
  readonly readers: Set<number>;
  unread: number;
}

interface Knote {
  readonly mode: number;
  readonly pipe: Pipe;
  enabled: boolean;
  /** EV_CLEAR: something has happened since the last report. */
  pending: boolean;
  /** Its descriptor was closed without omnipoll/os. */
  closed: boolean;
  /** EV_ONESHOT in FreeBSD: whether the knote has fired, and the bytes at its last test. */
  active: boolean;
  found: number;
}

/** The kernel tests a knote after an event (KNOTE). */
function activate(knote: Knote): void {
  knote.pending = true;
  knote.found = knote.pipe.unread;
  if (knote.found > 0) knote.active = true;
}

/** Whether a knote is not tested again when it is reported. */
function isFinal({ mode }: Knote): boolean {
  return HAS_KQUEUE && mode === KQ_EV_ONESHOT;
}

function isReady(knote: Knote): boolean {
  return isFinal(knote) ? knote.active : knote.pipe.unread > 0;
}

/** Bytes that the event of a knote reports. */
function bytesOf(knote: Knote): number {
  return isFinal(knote) ? knote.found : knote.pipe.unread;
}

class Model {
  readonly #queue: Kqueue;
  readonly #random: (limit: number) => number;
  readonly #isTold: boolean;
  readonly #pipes: Pipe[] = [];
  readonly #open = new Map<number, Pipe>();
  readonly #knotes = new Map<number, Knote>();

  constructor(queue: Kqueue, seed: number, isTold: boolean) {
    let state = seed;
    this.#queue = queue;
    this.#isTold = isTold;
    this.#random = (limit) => {
      state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
      return (state >>> 8) % limit;
    };
  }

  step(): void {
    const steps = [
      () => this.#make(),
      () => this.#dup(),
      () => this.#close(),
      () => this.#add(),
      () => this.#add(),
      () => this.#delete(),
      () => this.#enable(),
      () => this.#write(),
      () => this.#read(),
      () => this.#take(),
      () => this.#take(),
    ];
    steps[this.#random(steps.length)]?.();
  }

  end(): void {
    for (const fd of this.#open.keys()) os.close(fd);
    for (const { writer } of this.#pipes) os.close(writer);
  }

  #change(fd: number, flags: number): void {
    this.#queue.control([kevent(fd, KQ_FILTER_READ, flags)], 0);
  }

  #any(): [fd: number, pipe: Pipe] | undefined {
    const open = [...this.#open];
    return open.length === 0 ? undefined : open[this.#random(open.length)];
  }

  #make(): void {
    if (this.#pipes.length > 12) return;
    const [reader, writer] = os.pipe();
    const pipe = { writer, readers: new Set([reader]), unread: 0 };
    this.#pipes.push(pipe);
    this.#open.set(reader, pipe);
  }

  #dup(): void {
    const [fd, pipe] = this.#any() ?? [];
    if (fd === undefined || pipe === undefined || pipe.readers.size > 3) return;
    const made = os.dup(fd);
    pipe.readers.add(made);
    this.#open.set(made, pipe);
    // This number looks the same as the closed number of the same file.
    const knote = this.#knotes.get(made);
    if (knote?.pipe !== pipe) return;
    try {
      this.#change(made, KQ_EV_DELETE);
    } catch (error) {
      if (!(error instanceof FileNotFoundError)) throw error;
    }
    this.#knotes.delete(made);
  }

  #close(): void {
    const [fd, pipe] = this.#any() ?? [];
    if (fd === undefined || pipe === undefined) return;
    pipe.readers.delete(fd);
    this.#open.delete(fd);
    const knote = this.#knotes.get(fd);
    if (this.#isTold || this.#random(3) === 0) {
      os.close(fd);
      this.#knotes.delete(fd);
    } else {
      closeSync(fd);
      if (knote !== undefined) knote.closed = true;
    }
    if (pipe.readers.size > 0) return;
    os.close(pipe.writer);
    this.#pipes.splice(this.#pipes.indexOf(pipe), 1);
  }

  #add(): void {
    const [fd, pipe] = this.#any() ?? [];
    if (fd === undefined || pipe === undefined) return;
    const mode = MODES[this.#random(MODES.length)] as number;
    this.#change(fd, KQ_EV_ADD | mode);
    const knote = this.#knotes.get(fd);
    const found = pipe.unread;
    if (knote === undefined || knote.closed) {
      const active = found > 0;
      const made = { mode, pipe, enabled: true, pending: true, closed: false, active, found };
      this.#knotes.set(fd, made);
      return;
    }
    activate(knote);
  }

  #delete(): void {
    const [fd] = this.#any() ?? [];
    if (fd === undefined) return;
    const knote = this.#knotes.get(fd);
    this.#knotes.delete(fd);
    if (knote !== undefined && !knote.closed) return this.#change(fd, KQ_EV_DELETE);
    assert.throws(
      () => this.#change(fd, KQ_EV_DELETE),
      (error: unknown) => error instanceof FileNotFoundError,
    );
  }

  #enable(): void {
    const [fd = -1] = this.#any() ?? [];
    const knote = this.#knotes.get(fd);
    if (knote === undefined || knote.closed) return;
    this.#change(fd, KQ_EV_ENABLE);
    knote.enabled = true;
    activate(knote);
  }

  #write(): void {
    const pipe = this.#pipes[this.#random(13)];
    if (pipe === undefined || pipe.unread > 100) return;
    pipe.unread += os.write(pipe.writer, "xy");
    for (const knote of this.#knotes.values()) {
      if (knote.pipe === pipe) activate(knote);
    }
  }

  #read(): void {
    const pipe = this.#pipes[this.#random(13)];
    if (pipe === undefined || pipe.unread === 0) return;
    const [fd = -1] = pipe.readers;
    os.read(fd, pipe.unread);
    pipe.unread = 0;
    if (OBSERVES) for (const other of pipe.readers) this.#findEmpty(other);
  }

  /** Where edges are observed, only missing bytes show a read through a duplicate, if anything does. */
  #findEmpty(fd: number): void {
    os.set_blocking(fd, false);
    assert.throws(
      () => os.read(fd, 1),
      (error: unknown) => error instanceof BlockingIOError,
    );
  }

  #take(): void {
    const expected = new Map<number, Knote>();
    for (const [fd, knote] of this.#knotes) {
      if (knote.closed || !knote.enabled || !isReady(knote)) continue;
      if (knote.mode === KQ_EV_CLEAR && !knote.pending) continue;
      expected.set(fd, knote);
    }
    for (const event of this.#queue.control(null, 64, 0)) {
      const fd = Number(event.ident);
      const knote = expected.get(fd);
      // Unless the close was announced, the core may take a closed number for the file that has the number
      // now, or had it before.
      if (knote === undefined && this.#isUncertain(fd)) continue;
      if (knote === undefined && this.#isRepeat(fd)) {
        assert.is(event.data, this.#knotes.get(fd)?.pipe.unread, String(event));
        continue;
      }
      assert.is(event.data, knote && bytesOf(knote), String(event));
      assert.is(event.flags, knote?.mode);
      this.#reported(fd, knote as Knote);
      expected.delete(fd);
    }
    assert.equal([...expected.keys()], []);
  }

  #isUncertain(fd: number): boolean {
    const knote = this.#knotes.get(fd);
    return !this.#isTold && knote !== undefined && (knote.closed || knote.mode === KQ_EV_CLEAR);
  }

  /**
   * Whether an event of a knote with EV_CLEAR may come again: where edges are observed, unread bytes are
   * reported anew after a while of waits without an edge (edge-timer.ts).
   */
  #isRepeat(fd: number): boolean {
    const knote = this.#knotes.get(fd);
    if (!OBSERVES || knote === undefined || knote.closed || !knote.enabled) return false;
    return knote.mode === KQ_EV_CLEAR && knote.pipe.unread > 0;
  }

  #reported(fd: number, knote: Knote): void {
    knote.pending = false;
    if (knote.mode === KQ_EV_DISPATCH) knote.enabled = false;
    if (knote.mode === KQ_EV_ONESHOT) this.#knotes.delete(fd);
  }
}

for (const [how, isTold] of [
  ["closed with omnipoll/os", true],
  ["closed behind our back", false],
] as const) {
  for (let seed = 1; seed <= 4; seed++) {
    test(`descriptors that are ${how}, seed ${seed}`, () => {
      const queue = kqueue();
      const model = new Model(queue, seed * 7919, isTold);
      for (let i = 0; i < 12_000; i++) model.step();
      model.end();
      queue.close();
    });
  }
}

test.run();
