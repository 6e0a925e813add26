// The host of a thread that uses the simulated kernel of another thread, which makes every call.

import { EAGAIN, EVENT_IN, ENOMEM, EOPNOTSUPP, POLL_RECORD_SIZE } from "../../../asm/abi.ts";
import type { CallName } from "../../call.ts";
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
import { REQUESTED, Channel, ENDED, type Region } from "./channel.ts";

/** The means by which a thread joins a kernel. Structured clone takes a ticket to a worker. */
export interface Ticket {
  readonly name: string;
  /** The channel of this one thread. */
  readonly channel: SharedArrayBuffer;
  /** A word that every call of every thread increments, which wakes the owner of the kernel. */
  readonly bell: SharedArrayBuffer;
}

type HostCall = (...given: unknown[]) => number;

/** The host and the os calls of a thread that has joined a kernel. */
export interface SimThread {
  readonly host: Host;
  readonly os: SimOs;
  /** Sleeps on the clock of the kernel. */
  sleep(ms: number): void;
  /** Tells the kernel that no more calls come. Until then the kernel waits for each thread that does not sleep. */
  end(): void;
}

/**
 * Joins the kernel of a ticket.
 *
 * @throws {CannotBlockError} in the main thread of a page: every call blocks until the owner has made
 *   it, and that thread may not block
 */
export function joinKernel(ticket: Ticket): SimThread {
  if (!canBlock()) throw new CannotBlockError("every call on the kernel of another thread");
  const channel = new Channel(ticket.channel);
  const bell = new Int32Array(ticket.bell);

  function ring(): void {
    Atomics.add(bell, 0, 1);
    Atomics.notify(bell, 0);
  }

  function request(
    call: number,
    numbers: readonly number[],
    regions: readonly Region[] = [],
  ): number {
    if (!channel.write(call, numbers, regions)) return -ENOMEM;
    channel.state = REQUESTED;
    ring();
    channel.sleep();
    return channel.result;
  }

  function timeOf(call: number): number {
    request(call, []);
    return channel.time;
  }

  const listeners: Array<(fd: number) => void> = [];
  const host: Record<string, unknown> = {
    name: ticket.name,
    describe: describeErrno,
    onClose: (closing: (fd: number) => void) => void listeners.push(closing),
    capabilities: () => request(CALL_CAPABILITIES, []),
    now: () => timeOf(CALL_NOW),
    realtime: () => timeOf(CALL_REALTIME),
  };
  for (const [index, name] of HOST_NAMES.entries()) host[name] = hostCall(index, request, channel);

  const os: Record<string, unknown> = {
    describe: describeErrno,
    takeFailure: () => undefined,
    // A kernel thread would have to copy the bytes into this thread's memory while this thread runs.
    aio_read: () => -EOPNOTSUPP,
    aio_write: () => -EOPNOTSUPP,
  };
  for (const [index, name] of OS_CALLS.entries()) {
    os[name] = (...given: unknown[]) => {
      if (name === "close") for (const closing of listeners) closing(given[0] as number);
      return osCall(FIRST_OS_CALL + index, given, request, channel);
    };
  }
  const accept = os["accept"] as OsHost["accept"];
  os["accept"] = (fd: number, text: Uint8Array, parts: Int32Array): number => {
    const result = accept(fd, text, parts);
    if (result !== -EAGAIN || (os["get_blocking"] as HostCall)(fd) !== 1) return result;
    // The connection that poll reported may be gone by the time of accept.
    while (true) {
      const record = new Uint8Array(new Int32Array([fd, EVENT_IN]).buffer, 0, POLL_RECORD_SIZE);
      request(HOST_NAMES.indexOf("poll"), [0, 1, -1], [record]);
      const again = accept(fd, text, parts);
      if (again !== -EAGAIN) return again;
    }
  };
  return {
    host: host as unknown as Host,
    os: os as unknown as SimOs,
    sleep: (ms) => void request(CALL_SLEEP, [ms]),
    end() {
      channel.state = ENDED;
      ring();
    },
  };
}

type Request = (call: number, numbers: readonly number[], regions: readonly Region[]) => number;

/** A call of Host. Its stretches of memory are copied to the owner and back. */
function hostCall(index: number, request: Request, channel: Channel): HostCall {
  const stretches = STRETCHES.get(HOST_NAMES[index] as CallName) ?? [];
  if (stretches.length === 0) return (...numbers) => request(index, numbers as number[], []);
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
    const result = request(index, numbers, places);
    for (const [i, region] of channel.regions().entries()) places[i]?.set(region);
    return result;
  };
}

/** A call of OsHost. Its typed arrays are copied to the owner and back. */
function osCall(
  call: number,
  given: readonly unknown[],
  request: Request,
  channel: Channel,
): number {
  const numbers: number[] = [];
  const arrays: Uint8Array[] = [];
  for (const value of given) {
    if (ArrayBuffer.isView(value)) {
      arrays.push(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
    } else {
      numbers.push(Number(value));
    }
  }
  const result = request(call, numbers, arrays);
  for (const [i, region] of channel.regions().entries()) arrays[i]?.set(region);
  return result;
}
