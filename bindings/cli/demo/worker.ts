// The thread that makes things happen while the main one waits.

import { parentPort } from "node:worker_threads";
import { KQ_FILTER_USER, KQ_NOTE_FFCOPY, KQ_NOTE_TRIGGER } from "../../constants.ts";
import { kevent, kqueue } from "../../node/select.ts";
import {
  AF_INET,
  close,
  connect,
  eventfd_write,
  socket,
  SOCK_STREAM,
  write,
} from "../../node/os.ts";

/** What the thread can do; descriptors are those of the process, so it has them, too. */
export type Action =
  | { readonly kind: "write"; readonly fd: number }
  | { readonly kind: "count"; readonly fd: number }
  | { readonly kind: "close"; readonly fd: number }
  | { readonly kind: "connect"; readonly port: number }
  | { readonly kind: "trigger"; readonly queue: number; readonly ident: number };

/** What is written: five bytes, and a line. */
const MESSAGE = "word\n";
/** Flags of user events, which are the user's own. */
export const TRIGGERED = 0x2a;

/** An action, to be done `delay` ms from now. */
export interface Order {
  readonly delay: number;
  readonly action: Action;
}

function act(action: Action): void {
  if (action.kind === "write") write(action.fd, MESSAGE);
  else if (action.kind === "count") eventfd_write(action.fd, 1);
  else if (action.kind === "close") close(action.fd);
  else if (action.kind === "connect")
    connect(socket(AF_INET, SOCK_STREAM), ["127.0.0.1", action.port]);
  else trigger(action.queue, action.ident);
}

/** Triggers a user event of a queue that another thread waits for. */
function trigger(queue: number, ident: number): void {
  const fflags = KQ_NOTE_TRIGGER | KQ_NOTE_FFCOPY | TRIGGERED;
  kqueue.fromfd(queue).control([kevent(ident, KQ_FILTER_USER, 0, fflags)], 0);
}

const sleeper = new Int32Array(new SharedArrayBuffer(4));

parentPort?.on("message", ({ delay, action }: Order) => {
  Atomics.wait(sleeper, 0, 0, delay);
  act(action);
});
