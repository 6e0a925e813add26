// Sockets of omnipoll/os on a simulated kernel.

import { ENOSYS } from "../../asm/abi.ts";
import type { OsHost } from "../os.ts";
import type { Kernel } from "./kernel.ts";

type SocketCalls = Pick<
  OsHost,
  | "socketpair"
  | "socket"
  | "bind"
  | "connect"
  | "listen"
  | "accept"
  | "getsockname"
  | "getpeername"
  | "shutdown"
  | "send"
  | "recv"
  | "getsockopt"
  | "setsockopt"
>;

const none = (): number => -ENOSYS;

/** The socket calls of omnipoll/os. */
export function socketCalls(_kernel: Kernel): SocketCalls {
  return {
    socketpair: none,
    socket: none,
    bind: none,
    connect: none,
    listen: none,
    accept: none,
    getsockname: none,
    getpeername: none,
    shutdown: none,
    send: none,
    recv: none,
    getsockopt: none,
    setsockopt: none,
  };
}
