// Network interfaces: their flags, and the rtnetlink messages about them (Linux's net/core).

import { EEXIST, ENODEV } from "../../../asm/abi.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { NETLINK_HEADER, NetlinkGroup, writeHeader } from "./netlink.ts";
import { perKernel } from "../kernel/per-kernel.ts";

/** IFF_* flags of an interface (netdevice(7)). */
export const IFF_UP = 0x1;
export const IFF_BROADCAST = 0x2;
export const IFF_LOOPBACK = 0x8;
export const IFF_RUNNING = 0x40;
export const IFF_MULTICAST = 0x1000;
export const IFF_LOWER_UP = 0x10000;

// struct nlmsghdr, struct ifinfomsg, and the name as an attribute.
//
//   0     16          18         20          24          28           32       34        36
//   | ... | family u8 | type u16 | index i32 | flags u32 | change u32 | length | type    | name …

const TYPE = NETLINK_HEADER + 2;
const INDEX = NETLINK_HEADER + 4;
const FLAGS = NETLINK_HEADER + 8;
const CHANGE = NETLINK_HEADER + 12;
const ATTRIBUTE = NETLINK_HEADER + 16;
const NAME = ATTRIBUTE + 4;
const RTM_NEWLINK = 16;
const RTM_DELLINK = 17;
const ARPHRD_ETHER = 1;
const ARPHRD_LOOPBACK = 772;
const IFLA_IFNAME = 3;
/** `change` of a message about an interface that was added or removed (rtmsg_ifinfo). */
const ALL_FLAGS = 0xffffffff;

/** One interface. */
export class Interface {
  readonly index: number;
  readonly name: string;
  readonly isLoopback: boolean;
  /** Whether the interface is administratively up (IFF_UP): `ip link set NAME up`. */
  isUp: boolean;
  /** Whether the link has a carrier: a peer at the other end of the cable (netif_carrier_ok). */
  hasCarrier: boolean;

  constructor(index: number, name: string, isUp: boolean, hasCarrier: boolean) {
    this.index = index;
    this.name = name;
    this.isLoopback = name === "lo";
    this.isUp = isUp;
    this.hasCarrier = hasCarrier;
  }

  /** IFF_* bits. */
  get flags(): number {
    const kind = this.isLoopback ? IFF_LOOPBACK : IFF_BROADCAST | IFF_MULTICAST;
    if (!this.isUp) return kind;
    return kind | IFF_UP | (this.hasCarrier ? IFF_RUNNING | IFF_LOWER_UP : 0);
  }
}

/** Called when an interface is added, changes, or is removed (netdev notifier). */
export type InterfaceWatcher = (changed: Interface, isGone: boolean) => void;

/** The interfaces of one kernel (the device list of a struct net). */
export class Interfaces {
  readonly group = new NetlinkGroup("network interfaces");
  readonly watchers = new Set<InterfaceWatcher>();
  readonly #kernel: Kernel;
  readonly #byIndex = new Map<number, Interface>();
  #lastIndex = 0;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#register("lo", true, true);
  }

  #register(name: string, isUp: boolean, hasCarrier: boolean): Interface {
    const made = new Interface(++this.#lastIndex, name, isUp, hasCarrier);
    this.#byIndex.set(made.index, made);
    return made;
  }

  [Symbol.iterator](): IterableIterator<Interface> {
    return this.#byIndex.values();
  }

  find(index: number): Interface | undefined {
    return this.#byIndex.get(index);
  }

  /** link_listen of the waist. */
  listen(): number {
    return this.group.listen(this.#kernel);
  }

  /** link_flags of the waist. */
  flagsOf(index: number): number {
    return this.find(index)?.flags ?? -ENODEV;
  }

  /** Adds an interface with the next index; -EEXIST if the name is taken. */
  add(name: string, isUp: boolean, hasCarrier: boolean): Interface | number {
    for (const other of this) if (other.name === name) return -EEXIST;
    const made = this.#register(name, isUp, hasCarrier);
    this.#notify(made, false, ALL_FLAGS);
    return made;
  }

  /** Sets IFF_UP and the carrier of an interface. 0, or -ENODEV if the interface was removed. */
  change(changed: Interface, isUp: boolean, hasCarrier: boolean): number {
    if (this.find(changed.index) !== changed) return -ENODEV;
    const before = changed.flags;
    changed.isUp = isUp;
    changed.hasCarrier = hasCarrier;
    const difference = changed.flags ^ before;
    if (difference !== 0) this.#notify(changed, false, difference & IFF_UP);
    return 0;
  }

  /** Removes an interface, which goes down first (unregister_netdevice). 0, or -ENODEV. */
  remove(gone: Interface): number {
    const result = this.change(gone, false, gone.hasCarrier);
    if (result < 0) return result;
    this.#byIndex.delete(gone.index);
    this.#notify(gone, true, ALL_FLAGS);
    return 0;
  }

  /**
   * Calls the watchers and broadcasts a message. @param difference IFF_* bits for `change` of the
   * message
   */
  #notify(changed: Interface, isGone: boolean, difference: number): void {
    this.#kernel.trace.add(isGone ? "link gone" : "link", [changed.name, changed.flags]);
    for (const watcher of this.watchers) watcher(changed, isGone);
    if (this.group.hasListeners) this.group.broadcast(messageOf(changed, isGone, difference));
  }
}

function messageOf(changed: Interface, isGone: boolean, difference: number): Uint8Array {
  const { index, name, flags, isLoopback } = changed;
  const text = new TextEncoder().encode(`${name}\0`);
  const length = NAME + ((text.length + 3) & ~3);
  const message = new Uint8Array(length);
  const view = new DataView(message.buffer);
  writeHeader(view, length, isGone ? RTM_DELLINK : RTM_NEWLINK);
  view.setUint16(TYPE, isLoopback ? ARPHRD_LOOPBACK : ARPHRD_ETHER, true);
  view.setInt32(INDEX, index, true);
  view.setUint32(FLAGS, flags, true);
  view.setUint32(CHANGE, difference, true);
  view.setUint16(ATTRIBUTE, 4 + text.length, true);
  view.setUint16(ATTRIBUTE + 2, IFLA_IFNAME, true);
  message.set(text, NAME);
  return message;
}

/** The network interfaces of a kernel. */
export const interfacesOf = perKernel((kernel) => new Interfaces(kernel));
