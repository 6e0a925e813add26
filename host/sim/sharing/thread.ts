// A thread that uses the simulated kernel of another one: every call is made over there.

import { EAGAIN, EVENT_IN, ENOMEM, EOPNOTSUPP, POLL_RECORD_SIZE } from "../../../asm/abi.ts";
import type { CallName } from "../../calls.ts";
import { describeErrno } from "../../errno.ts";
import type { Host } from "../../host.ts";
import type { OsHost } from "../../os.ts";
import { canBlock } from "../time/blocking.ts";
import { EFAULT } from "../kernel/constants.ts";
import { CannotBlockError } from "../time/deadlock.ts";
import type { SimOs } from "../os/os.ts";
import {
  CALL_CAPABILITIES,
  CALL_NOW,
  CALL_REALTIME,
  CALL_SLEEP,
  FIRST_OS_CALL,
  HOST_NAMES,
  OS_CALLS,
  STRETCHES,
} from "./calls.ts";
import { ASKED, Channel, ENDED, type Region } from "./channel.ts";

/** What a thread needs to reach a kernel: structured clone takes it to a worker. */
export interface Ticket {
  readonly name: string;
  /** Of this thread alone. */
  readonly channel: SharedArrayBuffer;
  /** Rung for every call of any thread. */
  readonly bell: SharedArrayBuffer;
}

type HostCall = (...given: unknown[]) => number;

/** Both hosts of a thread, and how it ends. */
export interface SimThread {
  readonly host: Host;
  readonly os: SimOs;
  /** Sleeps in the time of the kernel. */
  sleep(ms: number): void;
  /** Says that no more calls come. The kernel waits for a thread that neither ends nor waits. */
  end(): void;
}

/**
 * Uses the kernel a ticket is for.
 *
 * @throws {CannotBlockError} in a thread that cannot block, which every call does until it is
 *   answered: a page's own
 */
export function joinKernel(ticket: Ticket): SimThread {
  if (!canBlock()) throw new CannotBlockError("every call on the kernel of another thread");
  const channel = new Channel(ticket.channel);
  const bell = new Int32Array(ticket.bell);

  function ring(): void {
    Atomics.add(bell, 0, 1);
    Atomics.notify(bell, 0);
  }

  function ask(call: number, numbers: readonly number[], regions: readonly Region[] = []): number {
    if (!channel.ask(call, numbers, regions)) return -ENOMEM;
    channel.state = ASKED;
    ring();
    channel.sleep();
    return channel.result;
  }

  function timeOf(call: number): number {
    ask(call, []);
    return channel.time;
  }

  const listeners: Array<(fd: number) => void> = [];
  const host: Record<string, unknown> = {
    name: ticket.name,
    describe: describeErrno,
    onClose: (closing: (fd: number) => void) => void listeners.push(closing),
    capabilities: () => ask(CALL_CAPABILITIES, []),
    now: () => timeOf(CALL_NOW),
    realtime: () => timeOf(CALL_REALTIME),
  };
  for (const [index, name] of HOST_NAMES.entries()) host[name] = hostCall(index, ask, channel);

  const os: Record<string, unknown> = {
    describe: describeErrno,
    takeFailure: () => undefined,
    // Their bytes would have to change in this thread's memory while it goes on.
    aio_read: () => -EOPNOTSUPP,
    aio_write: () => -EOPNOTSUPP,
  };
  for (const [index, name] of OS_CALLS.entries()) {
    os[name] = (...given: unknown[]) => {
      if (name === "close") for (const closing of listeners) closing(given[0] as number);
      return osCall(FIRST_OS_CALL + index, given, ask, channel);
    };
  }
  const accept = os["accept"] as OsHost["accept"];
  os["accept"] = (fd: number, text: Uint8Array, parts: Int32Array): number => {
    const result = accept(fd, text, parts);
    if (result !== -EAGAIN || (os["get_blocking"] as HostCall)(fd) !== 1) return result;
    // A connection may be gone again when it is waited for.
    while (true) {
      const record = new Uint8Array(new Int32Array([fd, EVENT_IN]).buffer, 0, POLL_RECORD_SIZE);
      ask(HOST_NAMES.indexOf("poll"), [0, 1, -1], [record]);
      const again = accept(fd, text, parts);
      if (again !== -EAGAIN) return again;
    }
  };
  return {
    host: host as unknown as Host,
    os: os as unknown as SimOs,
    sleep: (ms) => void ask(CALL_SLEEP, [ms]),
    end() {
      channel.state = ENDED;
      ring();
    },
  };
}

type Ask = (call: number, numbers: readonly number[], regions: readonly Region[]) => number;

/** A call of Host: its stretches of memory cross, and come back. */
function hostCall(index: number, ask: Ask, channel: Channel): HostCall {
  const stretches = STRETCHES.get(HOST_NAMES[index] as CallName) ?? [];
  if (stretches.length === 0) return (...numbers) => ask(index, numbers as number[], []);
  return (memory, ...given) => {
    const { buffer } = memory as WebAssembly.Memory;
    const numbers = given as number[];
    const places: Uint8Array[] = [];
    for (const { address, length } of stretches) {
      const at = (numbers[address] as number) >>> 0;
      const size = length(numbers);
      if (size < 0 || at + size > buffer.byteLength) return -EFAULT;
      places.push(new Uint8Array(buffer, at, size));
    }
    const result = ask(index, numbers, places);
    for (const [i, region] of channel.regions().entries()) places[i]?.set(region);
    return result;
  };
}

/** A call of OsHost: its typed arrays cross, and come back. */
function osCall(call: number, given: readonly unknown[], ask: Ask, channel: Channel): number {
  const numbers: number[] = [];
  const arrays: Uint8Array[] = [];
  for (const value of given) {
    if (ArrayBuffer.isView(value)) {
      arrays.push(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
    } else {
      numbers.push(Number(value));
    }
  }
  const result = ask(call, numbers, arrays);
  for (const [i, region] of channel.regions().entries()) arrays[i]?.set(region);
  return result;
}
