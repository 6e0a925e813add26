// Character devices without state (Linux's drivers/char/mem.c, random.c): /dev/null and the like.

import {
  DATA_READABLE,
  EVENT_IN,
  EVENT_OUT,
  EVENT_RDNORM,
  EVENT_WRNORM,
  EBADF,
  EINVAL,
  FD_DEVICE,
} from "../../../asm/abi.ts";
import { File } from "../kernel/file.ts";
import { type DeviceInode } from "../kernel/inode.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { WaitQueue } from "../kernel/wait-queue.ts";

const ENOSPC = 28;
const NO_QUEUES: readonly WaitQueue[] = [];

/** The file operations of a device. */
interface Behaviour {
  read(buffer: Uint8Array, size: number, kernel: Kernel): number;
  write(bytes: Uint8Array): number;
  /** The event bits that poll returns. */
  readonly events: number;
  readonly isPollable: boolean;
  /** Whether Linux refuses an ioctl with EINVAL instead of ENOTTY (random_ioctl). FreeBSD does not. */
  readonly isRandom?: true;
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

const discard = (bytes: Uint8Array): number => bytes.length;
const ready = { events: ALL, isPollable: false };

const BEHAVIOURS: Record<string, Behaviour> = {
  null: { ...ready, read: () => 0, write: discard },
  zero: { ...ready, read: fillZero, write: discard },
  full: { ...ready, read: fillZero, write: () => -ENOSPC },
  urandom: { ...ready, read: fillRandom, write: discard, isRandom: true },
  // Unlike the others, /dev/random has a poll method (random_poll), so that epoll accepts it.
  random: {
    read: fillRandom,
    write: discard,
    events: EVENT_IN | EVENT_RDNORM,
    isPollable: true,
    isRandom: true,
  },
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
    return this.#behaviour.events;
  }

  queues(): readonly WaitQueue[] {
    return NO_QUEUES;
  }

  override data(what: number): number | bigint {
    const isRefused = this.#behaviour.isRandom === true && this.kernel.personality !== "bsd";
    return what === DATA_READABLE && isRefused ? -EINVAL : super.data(what);
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

/** The list of mounts: readable, and the list never changes (mounts_poll). */
const MOUNTS: Behaviour = {
  read: () => 0,
  write: () => -EBADF,
  events: EVENT_IN | EVENT_RDNORM,
  isPollable: true,
};

/** Opens /proc/mounts. */
export function openMounts(kernel: Kernel, flags: number): File {
  return new Device(kernel, flags, "/proc/mounts", MOUNTS);
}
