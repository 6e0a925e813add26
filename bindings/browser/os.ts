// omnipoll/os in a browser, on the same simulated kernel as omnipoll. The calls are documented in
// bindings/os/files.ts, sockets.ts and aio.ts.

import { currentSim } from "./sim.ts";

/** The calls of omnipoll/os. */
export const {
  aio_read,
  aio_write,
  pipe,
  pipe2,
  read,
  write,
  close,
  dup,
  get_blocking,
  set_blocking,
  get_inheritable,
  set_inheritable,
  mkfifo,
  eventfd,
  eventfd_read,
  eventfd_write,
  kill,
  pidfd_open,
  socketpair,
  socket,
  bind,
  connect,
  listen,
  accept,
  getsockname,
  getpeername,
  shutdown,
  send,
  recv,
  getsockopt,
  setsockopt,
} = currentSim().os;

export type { Address } from "../os/addresses.ts";
export * from "../os/constants.ts";
