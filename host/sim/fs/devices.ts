// Character devices that hold nothing: /dev/null and its like.

import {
  EVENT_IN,
  EVENT_OUT,
  EVENT_RDNORM,
  EVENT_WRNORM,
  EBADF,
  FD_DEVICE,
} from "../../../asm/abi.ts";
import { File } from "../kernel/file.ts";
import { type DeviceInode } from "../kernel/inode.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { WaitQueue } from "../kernel/wait-queue.ts";

const ENOSPC = 28;
const NO_QUEUES: readonly WaitQueue[] = [];

/** What a device does with reads and writes. */
interface Behaviour {
  read(buffer: Uint8Array, size: number, kernel: Kernel): number;
  write(bytes: Uint8Array): number;
  /** What poll says of it. */
  readonly state: number;
  readonly isPollable: boolean;
}

const ALL = EVENT_IN | EVENT_OUT | EVENT_RDNORM | EVENT_WRNORM;

function fillRandom(buffer: Uint8Array, size: number, kernel: Kernel): number {
  for (let i = 0; i < size; i++) buffer[i] = Math.floor(kernel.random() * 256);
  return size;
}

function fillZero(buffer: Uint8Array, size: number): number {
  buffer.fill(0, 0, size);
  return size;
}

const everything = (bytes: Uint8Array): number => bytes.length;
const ready = { state: ALL, isPollable: false };

const BEHAVIOURS: Record<string, Behaviour> = {
  null: { ...ready, read: () => 0, write: everything },
  zero: { ...ready, read: fillZero, write: everything },
  full: { ...ready, read: fillZero, write: () => -ENOSPC },
  urandom: { ...ready, read: fillRandom, write: everything },
  // It has a poll method, unlike the others: always readable, and epoll accepts it.
  random: { read: fillRandom, write: everything, state: EVENT_IN | EVENT_RDNORM, isPollable: true },
};

class Device extends File {
  readonly name: string;
  readonly #behaviour: Behaviour;

  constructor(kernel: Kernel, flags: number, name: string, behaviour: Behaviour) {
    super(kernel, flags);
    this.name = name;
    this.#behaviour = behaviour;
  }

  override get kind(): number {
    return FD_DEVICE;
  }

  override get isPollable(): boolean {
    return this.#behaviour.isPollable;
  }

  poll(): number {
    return this.#behaviour.state;
  }

  queues(): readonly WaitQueue[] {
    return NO_QUEUES;
  }

  override read(buffer: Uint8Array, size: number): number {
    return this.isReadable ? this.#behaviour.read(buffer, size, this.kernel) : -EBADF;
  }

  override write(bytes: Uint8Array): number {
    return this.isWritable ? this.#behaviour.write(bytes) : -EBADF;
  }
}

/** Devices by name, and the drivers that open them. */
export const DRIVERS: ReadonlyArray<readonly [name: string, driver: DeviceInode["driver"]]> =
  Object.entries(BEHAVIOURS).map(([name, behaviour]) => [
    name,
    (kernel, flags) => new Device(kernel, flags, `/dev/${name}`, behaviour),
  ]);

/** What is mounted: readable, and nothing ever changes that. */
const MOUNTS: Behaviour = {
  read: () => 0,
  write: () => -EBADF,
  state: EVENT_IN | EVENT_RDNORM,
  isPollable: true,
};

/** Opens /proc/mounts. */
export function openMounts(kernel: Kernel, flags: number): File {
  return new Device(kernel, flags, "/proc/mounts", MOUNTS);
}
