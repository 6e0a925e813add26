// signal:, path:, net: and pid:, for which only kqueue waits. Each source is a knote on a queue of its
// own, and a queue is a descriptor, which any API can wait for.

import { closeSync, constants as files, openSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import {
  KQ_EV_ADD,
  KQ_EV_CLEAR,
  KQ_FILTER_NETDEV,
  KQ_FILTER_PROC,
  KQ_FILTER_SIGNAL,
  KQ_FILTER_VNODE,
  KQ_NOTE_DELETE,
  KQ_NOTE_EXIT,
  KQ_NOTE_LINKDOWN,
  KQ_NOTE_LINKINV,
  KQ_NOTE_LINKUP,
  KQ_NOTE_REVOKE,
  POLLIN,
} from "../../constants.ts";
import { exitOf } from "../../../host/exit.ts";
import { filterName } from "../../../host/names.ts";
import { type Kevent, kevent, type Kqueue, kqueue } from "../../node/select.ts";
import { reasonOf, UsageError } from "../failure.ts";
import { noteWordsOf, notesOf, VNODE_NOTES } from "../kevents.ts";
import type { Report, Source } from "./source.ts";
import type { Waiter } from "../waiters.ts";

/** A kind of source that is a knote. */
interface Kind {
  /** Opens the watched object, and returns the change that adds the knote. */
  start(): Kevent;
  /** Describes an event. */
  report(event: Kevent): Omit<Report, "events" | "mask">;
  /** Undoes `start`; called also if `start` failed half-way. */
  stop?(): void;
}

class KnoteSource implements Source {
  readonly text: string;
  readonly due = Number.POSITIVE_INFINITY;
  readonly #kind: Kind;
  #queue: Kqueue | undefined;
  #waiter: Waiter | undefined;
  fd: number | undefined;

  constructor(text: string, kind: Kind) {
    this.text = text;
    this.#kind = kind;
  }

  open(waiter: Waiter): void {
    this.#queue = kqueue();
    try {
      this.#queue.control([this.#kind.start()], 0);
    } catch (error) {
      this.close();
      if (error instanceof UsageError) throw error;
      throw new UsageError(`${this.text}: ${reasonOf(error)}`);
    }
    this.fd = this.#queue.fileno();
    this.#waiter = waiter;
    waiter.add(this.fd, POLLIN, false);
  }

  ready(): Report | undefined {
    const [event] = this.#queue?.control(null, 1, 0) ?? [];
    if (event === undefined) return undefined;
    const notes = notesOf(event).map(([, name]) => `KQ_NOTE_${name}`);
    const events = notes.length > 0 ? notes : [`KQ_FILTER_${filterName(event.filter)}`];
    return { ...this.#kind.report(event), events, mask: event.fflags };
  }

  expire(): undefined {
    return undefined;
  }

  close(): void {
    if (this.fd !== undefined) this.#waiter?.remove(this.fd);
    this.fd = undefined;
    this.#queue?.close();
    this.#queue = undefined;
    this.#kind.stop?.();
  }
}

const PID_MAX = 0x7fffffff;

/** Makes pid:1234, the end of a process, child or not. */
export function processSource(text: string, rest: string): Source {
  const pid = Number(rest);
  if (!/^\d+$/.test(rest) || pid === 0 || pid > PID_MAX) {
    throw new UsageError(`${text}: not a process number: ${JSON.stringify(rest)}`);
  }
  return new KnoteSource(text, {
    start: () => kevent(pid, KQ_FILTER_PROC, KQ_EV_ADD, KQ_NOTE_EXIT),
    report: ({ data }) => {
      const exit = exitOf(Number(data));
      const happened = "status" in exit ? `exited with ${exit.status}` : `killed by ${exit.signal}`;
      return { happened, done: true, details: { pid, ...exit } };
    },
  });
}

/** Returns name and number of a signal, given as USR1, SIGUSR1 or 10. */
function signalOf(text: string, rest: string): [name: NodeJS.Signals, number: number] {
  const name = /^SIG/i.test(rest) ? rest.toUpperCase() : `SIG${rest.toUpperCase()}`;
  const found = Object.entries(constants.signals).find(
    ([known, number]) => known === name || String(number) === rest,
  );
  if (found === undefined) {
    throw new UsageError(
      `${text}: not a signal: ${JSON.stringify(rest)} (USR1, SIGUSR1, or its number)`,
    );
  }
  return found as [NodeJS.Signals, number];
}

/** A listener that suppresses the default action of a signal, which often ends the process. */
function ignore(): void {}

/** Makes signal:USR1, a signal to this process. */
export function signalSource(text: string, rest: string): Source {
  const [name, number] = signalOf(text, rest);
  if (name === "SIGKILL" || name === "SIGSTOP") {
    throw new UsageError(`${text}: no process can wait for ${name}`);
  }
  return new KnoteSource(text, {
    start: () => {
      process.on(name, ignore);
      return kevent(number, KQ_FILTER_SIGNAL);
    },
    report: ({ data }) => {
      const count = Number(data);
      const happened = count === 1 ? "received" : `received ${count} times`;
      return { happened, done: false, details: { signal: name, count } };
    },
    stop: () => process.off(name, ignore),
  });
}

const ALL_NOTES = VNODE_NOTES.reduce((bits, [bit]) => bits | bit, 0);
const OPEN_FLAGS = files.O_RDONLY | files.O_NONBLOCK | files.O_NOCTTY;

/** Returns the bits of "write,delete". */
function notesFrom(text: string, list: string): number {
  return list.split(",").reduce((bits, word) => {
    const note = VNODE_NOTES.find(([, name]) => name.toLowerCase() === word);
    if (note !== undefined) return bits | note[0];
    const known = VNODE_NOTES.map(([, name]) => name.toLowerCase()).join(", ");
    throw new UsageError(`${text}: not a note: ${JSON.stringify(word)}; there are: ${known}`);
  }, 0);
}

/** Makes path:FILE[:NOTES], the changes of a file, also after the file was renamed. */
export function pathSource(text: string, rest: string): Source {
  const [, path = "", list] = /^(.*?)(?::([^:/]*))?$/s.exec(rest) ?? [];
  if (path === "") throw new UsageError(`${text}: a path is missing: ${JSON.stringify(rest)}`);
  const notes = list === undefined ? ALL_NOTES : notesFrom(text, list);
  let fd = -1;
  return new KnoteSource(text, {
    start: () => {
      fd = openSync(path, OPEN_FLAGS);
      return kevent(fd, KQ_FILTER_VNODE, KQ_EV_ADD | KQ_EV_CLEAR, notes);
    },
    report: (event) => {
      const done = (event.fflags & (KQ_NOTE_DELETE | KQ_NOTE_REVOKE)) !== 0;
      return { happened: noteWordsOf(event), done };
    },
    stop: () => {
      if (fd >= 0) closeSync(fd);
      fd = -1;
    },
  });
}

/** Returns the index of a network interface. */
function interfaceOf(text: string, name: string): number {
  try {
    if (!/^[^/\s]+$/.test(name) || name.startsWith("..")) throw new Error(name);
    return Number(readFileSync(`/sys/class/net/${name}/ifindex`, "utf8"));
  } catch {
    throw new UsageError(`${text}: no such interface: ${JSON.stringify(name)}`);
  }
}

const LINK_NOTES = KQ_NOTE_LINKUP | KQ_NOTE_LINKDOWN | KQ_NOTE_LINKINV;

/** Makes net:eth0, the link of a network interface. */
export function interfaceSource(text: string, rest: string): Source {
  const index = interfaceOf(text, rest);
  return new KnoteSource(text, {
    start: () => kevent(index, KQ_FILTER_NETDEV, KQ_EV_ADD | KQ_EV_CLEAR, LINK_NOTES),
    report: (event) => ({
      happened: noteWordsOf(event),
      done: (event.fflags & KQ_NOTE_LINKINV) !== 0,
      details: { interface: rest, index },
    }),
  });
}
