// The thread that causes the events while the main thread waits.

import { connect } from "node:net";
import { parentPort } from "node:worker_threads";
import { KQ_FILTER_USER, KQ_NOTE_FFCOPY, KQ_NOTE_TRIGGER } from "../../constants.ts";
import { kevent, kqueue } from "../../node/select.ts";
import { close, eventfd_write, write } from "../../node/os.ts";

/** The actions of the thread. All threads of the process share its descriptors. */
export type Action =
  | { readonly kind: "write"; readonly fd: number }
  | { readonly kind: "count"; readonly fd: number }
  | { readonly kind: "close"; readonly fd: number }
  | { readonly kind: "connect"; readonly port: number }
  | { readonly kind: "trigger"; readonly queue: number; readonly ident: number };

/** The data of a write: five bytes that are a line. */
const MESSAGE = "word\n";
/** The `fflags` of user events, which belong to the program. */
export const TRIGGERED = 0x2a;

/** An action for `delay` ms from now. */
export interface Order {
  readonly delay: number;
  readonly action: Action;
}

function act(action: Action): void {
  if (action.kind === "write") write(action.fd, MESSAGE);
  else if (action.kind === "count") eventfd_write(action.fd, 1);
  else if (action.kind === "close") close(action.fd);
  else if (action.kind === "connect") connect(action.port, "127.0.0.1").on("error", () => {});
  else trigger(action.queue, action.ident);
}

/** Triggers a user event of a queue on which another thread waits. */
function trigger(queue: number, ident: number): void {
  const fflags = KQ_NOTE_TRIGGER | KQ_NOTE_FFCOPY | TRIGGERED;
  kqueue.fromfd(queue).control([kevent(ident, KQ_FILTER_USER, 0, fflags)], 0);
}

const sleeper = new Int32Array(new SharedArrayBuffer(4));

parentPort?.on("message", ({ delay, action }: Order) => {
  Atomics.wait(sleeper, 0, 0, delay);
  act(action);
});
