// The process connector (Linux's drivers/connector/cn_proc.c): forks, execs and exits of all
// processes as netlink messages.

import { EPERM } from "../../../asm/abi.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { NETLINK_HEADER, NetlinkGroup, writeHeader } from "./netlink.ts";
import { perKernel } from "../kernel/per-kernel.ts";
import type { Process } from "../process/process.ts";
import { processesOf, type ProcessWatcher } from "../process/processes.ts";
import { SIGCHLD } from "../process/signal-numbers.ts";

// struct nlmsghdr, struct cn_msg, struct proc_event.
//
//   0      16        20        24      28      32      34        36       40      44          52
//   | ...  | idx u32 | val u32 | seq   | ack   | len   | flags   | what   | cpu   | time u64  | data

const SIZE = 76;
const INDEX = 16;
const VALUE = 20;
const SEQUENCE = 24;
const LENGTH = 32;
const WHAT = 36;
const TIME = 44;
const DATA = 52;
const NLMSG_DONE = 3;
const CN_IDX_PROC = 1;
const CN_VAL_PROC = 1;
const PROC_EVENT_FORK = 0x1;
const PROC_EVENT_EXEC = 0x2;
const PROC_EVENT_EXIT = 0x80000000;
const EVENT = NETLINK_HEADER + 20;

/** The connector of one kernel. */
export class Connector implements ProcessWatcher {
  readonly group = new NetlinkGroup("the process connector");
  /** Whether the program has CAP_NET_ADMIN, which Linux requires of a listener. */
  isAllowed = true;
  readonly #kernel: Kernel;
  #sequence = 0;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    processesOf(kernel).watchers.add(this);
  }

  /** proc_listen of the waist. */
  listen(): number {
    return this.isAllowed ? this.group.listen(this.#kernel) : -EPERM;
  }

  /** proc_fork_connector. */
  forked(parent: Process, child: Process): void {
    this.#send(PROC_EVENT_FORK, [parent.pid, parent.pid, child.pid, child.pid]);
  }

  /** proc_exec_connector. */
  executed({ pid }: Process): void {
    this.#send(PROC_EVENT_EXEC, [pid, pid]);
  }

  /** proc_exit_connector. */
  exited({ pid, status, parent }: Process): void {
    this.#send(PROC_EVENT_EXIT, [pid, pid, status, SIGCHLD, parent.pid, parent.pid]);
  }

  /** send_msg: one struct proc_event to every listener. */
  #send(what: number, data: readonly number[]): void {
    if (!this.group.hasListeners) return;
    const datagram = new Uint8Array(SIZE);
    const view = new DataView(datagram.buffer);
    writeHeader(view, SIZE, NLMSG_DONE, this.#sequence);
    view.setUint32(INDEX, CN_IDX_PROC, true);
    view.setUint32(VALUE, CN_VAL_PROC, true);
    view.setUint32(SEQUENCE, this.#sequence++, true);
    view.setUint16(LENGTH, SIZE - EVENT, true);
    view.setUint32(WHAT, what, true);
    view.setBigUint64(TIME, BigInt(Math.round(this.#kernel.clock.now() * 1e6)), true);
    for (const [i, word] of data.entries()) view.setUint32(DATA + 4 * i, word, true);
    this.group.broadcast(datagram);
  }
}

/** The process connector of a kernel. */
export const connectorOf = perKernel((kernel) => new Connector(kernel));
