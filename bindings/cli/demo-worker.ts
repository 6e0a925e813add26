// The thread that makes things happen while the main one waits.

import { parentPort } from "node:worker_threads";
import { AF_INET, close, connect, eventfd_write, socket, SOCK_STREAM, write } from "../node-os.ts";

/** What the thread can do; descriptors are those of the process, so it has them, too. */
export type Action =
  | { readonly kind: "write"; readonly fd: number }
  | { readonly kind: "count"; readonly fd: number }
  | { readonly kind: "close"; readonly fd: number }
  | { readonly kind: "connect"; readonly port: number };

/** An action, to be done `delay` ms from now. */
export interface Order {
  readonly delay: number;
  readonly action: Action;
}

function act(action: Action): void {
  if (action.kind === "write") write(action.fd, "hello\n");
  else if (action.kind === "count") eventfd_write(action.fd, 1);
  else if (action.kind === "close") close(action.fd);
  else connect(socket(AF_INET, SOCK_STREAM), ["127.0.0.1", action.port]);
}

const sleeper = new Int32Array(new SharedArrayBuffer(4));

parentPort?.on("message", ({ delay, action }: Order) => {
  Atomics.wait(sleeper, 0, 0, delay);
  act(action);
});
