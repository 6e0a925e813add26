// The steps with kqueue, which only the fuzzer runs.

import {
  KQ_EV_ADD,
  KQ_EV_CLEAR,
  KQ_EV_DELETE,
  KQ_EV_DISABLE,
  KQ_EV_DISPATCH,
  KQ_EV_ENABLE,
  KQ_EV_EOF,
  KQ_EV_ERROR,
  KQ_EV_ONESHOT,
  KQ_EV_RECEIPT,
  KQ_FILTER_READ,
  KQ_FILTER_TIMER,
  KQ_FILTER_USER,
  KQ_FILTER_VNODE,
  KQ_FILTER_WRITE,
  KQ_NOTE_ATTRIB,
  KQ_NOTE_DELETE,
  KQ_NOTE_EXTEND,
  KQ_NOTE_FFAND,
  KQ_NOTE_FFCOPY,
  KQ_NOTE_FFNOP,
  KQ_NOTE_FFOR,
  KQ_NOTE_LINK,
  KQ_NOTE_LOWAT,
  KQ_NOTE_RENAME,
  KQ_NOTE_TRIGGER,
  KQ_NOTE_WRITE,
  type Kevent,
  kevent,
  type Kqueue,
  kqueue,
} from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { SourceMachine } from "./machine-sources.ts";
import { errorText } from "./words.ts";

const FILTERS: Record<string, number> = {
  READ: KQ_FILTER_READ,
  WRITE: KQ_FILTER_WRITE,
  VNODE: KQ_FILTER_VNODE,
  TIMER: KQ_FILTER_TIMER,
  USER: KQ_FILTER_USER,
};
const FLAGS: Record<string, number> = {
  ADD: KQ_EV_ADD,
  DELETE: KQ_EV_DELETE,
  ENABLE: KQ_EV_ENABLE,
  DISABLE: KQ_EV_DISABLE,
  ONESHOT: KQ_EV_ONESHOT,
  CLEAR: KQ_EV_CLEAR,
  RECEIPT: KQ_EV_RECEIPT,
  DISPATCH: KQ_EV_DISPATCH,
  EOF: KQ_EV_EOF,
  ERROR: KQ_EV_ERROR,
};
const NOTES: Record<string, number> = {
  WRITE: KQ_NOTE_WRITE,
  EXTEND: KQ_NOTE_EXTEND,
  ATTRIB: KQ_NOTE_ATTRIB,
  LINK: KQ_NOTE_LINK,
  RENAME: KQ_NOTE_RENAME,
  DELETE: KQ_NOTE_DELETE,
  LOWAT: KQ_NOTE_LOWAT,
  FFNOP: KQ_NOTE_FFNOP,
  FFAND: KQ_NOTE_FFAND,
  FFOR: KQ_NOTE_FFOR,
  FFCOPY: KQ_NOTE_FFCOPY,
  TRIGGER: KQ_NOTE_TRIGGER,
};

/** The error of a write to a connection that was reset after its end: EPIPE on Linux, ECONNRESET on FreeBSD. */
const RESET = /(BrokenPipeError )?EPIPE|(ConnectionResetError )?ECONNRESET/;
/** Room for more events than a program has knotes. */
const PLENTY = 200;

/** Bits by name or by number. */
function bitsOf(text: string, names: Record<string, number>): number {
  let bits = 0;
  for (const name of text.split("|")) bits += names[name] ?? Number(name);
  return bits;
}

function textOf(bits: number, names: Record<string, number>): string {
  const found = Object.keys(names).filter((name) => (bits & (names[name] as number)) !== 0);
  return found.join("|") || "0";
}

function isDatagram(fd: number): boolean {
  try {
    return os.getsockopt(fd, os.SOL_SOCKET, os.SO_TYPE) === os.SOCK_DGRAM;
  } catch {
    return false;
  }
}

/** The data of an event in words, alike on both kernels. */
function dataOf(event: Kevent, filter: string, hasUrgent: boolean): string {
  // Linux does not show whether a connection had ended before its reset; behind an urgent mark the end counts
  // as a byte.
  if (filter === "READ" && hasUrgent && event.fflags !== 0) return "before a reset";
  // Each kernel counts the room of a buffer in its own way.
  if (filter === "WRITE") return "room";
  // Linux reports the length of the first datagram, FreeBSD the length of all.
  if (filter === "READ" && isDatagram(Number(event.ident))) return "datagrams";
  return String(event.data);
}

/** A SourceMachine that has kqueues as well. */
export class KqueueMachine extends SourceMachine {
  readonly #queues = new Map<string, Kqueue>();
  /** Whether the program has sent urgent data. */
  #hasUrgent = false;
  /** Descriptions of the changes, by udata. */
  readonly #changes: string[] = [];

  override run(step: string): string {
    const [word, ...words] = step.split(" ") as [string, ...string[]];
    const own = this.#steps[word];
    if (word === "send" && step.endsWith(" oob")) this.#hasUrgent = true;
    if (own === undefined) return super.run(step).replace(RESET, "reset");
    try {
      return own(...words) ?? "ok";
    } catch (error) {
      return errorText(error);
    }
  }

  override inspect(): void {
    super.inspect();
    for (const queue of this.#queues.values()) queue.inspect();
  }

  override finish(): void {
    for (const queue of this.#queues.values()) queue.close();
    super.finish();
  }

  #ident(filter: string, name: string): Kqueue | number {
    if (filter === "USER" || filter === "TIMER") return Number(name);
    return this.#queues.get(name) ?? this.fd(name);
  }

  #text(event: Kevent): string {
    const filter = Object.keys(FILTERS).find((name) => FILTERS[name] === event.filter) as string;
    const flags = textOf(event.flags, FLAGS);
    const notes = filter === "VNODE" ? textOf(event.fflags, NOTES) : String(event.fflags);
    const data =
      event.flags & KQ_EV_ERROR ? String(event.data) : dataOf(event, filter, this.#hasUrgent);
    return `${this.#changes[Number(event.udata)]}:${flags}:${notes}:${data}`;
  }

  #texts(events: readonly Kevent[]): string {
    return events.map((event) => this.#text(event)).join(" ") || "-";
  }

  readonly #steps: Record<string, (...words: any[]) => string | undefined> = {
    kqueue: (name) => void this.#queues.set(name, kqueue()),
    kevent: (on, filter, name, flags, notes = "0", data = "0") => {
      const udata = this.#changes.push(`${filter}/${name}`) - 1;
      const change = kevent(
        this.#ident(filter, name),
        FILTERS[filter],
        bitsOf(flags, FLAGS),
        bitsOf(notes, NOTES),
        Number(data),
        udata,
      );
      const receipt = flags.includes("RECEIPT") ? 1 : 0;
      return this.#texts((this.#queues.get(on) as Kqueue).control([change], receipt, 0));
    },
    // The order of events of different filters depends on the host.
    kwait: (on) => {
      const events = (this.#queues.get(on) as Kqueue).control(null, PLENTY, 0);
      return this.#texts(events).split(" ").toSorted().join(" ");
    },
  };
}
