// Network interfaces of a simulated kernel.

import type { Kernel } from "../../host/sim/kernel/kernel.ts";
import { type Interface, type Interfaces, interfacesOf } from "../../host/sim/net/interfaces.ts";
import { checkedCall } from "./arguments.ts";

/** How an interface begins. */
export interface InterfaceOptions {
  /** Whether it is switched on. It is not unless told otherwise. */
  readonly up?: boolean;
  /** Whether its cable is plugged in. It is unless told otherwise. */
  readonly carrier?: boolean;
}

/** One network interface. The link is up while it is switched on and has a carrier. */
export class SimInterface {
  readonly #kernel: Kernel;
  readonly #interface: Interface;

  constructor(kernel: Kernel, one: Interface) {
    this.#kernel = kernel;
    this.#interface = one;
  }

  /** Its number: ident of kevents of KQ_FILTER_NETDEV. */
  get index(): number {
    return this.#interface.index;
  }

  get name(): string {
    return this.#interface.name;
  }

  /** IFF_* bits of Linux. */
  get flags(): number {
    return this.#interface.flags;
  }

  #change(isUp: boolean, hasCarrier: boolean): void {
    const result = interfacesOf(this.#kernel).change(this.#interface, isUp, hasCarrier);
    checkedCall(this.#kernel, result, "link", this.name);
  }

  /** Switches it on. @throws {OSError} ENODEV if it was removed */
  up(): void {
    this.#change(true, this.#interface.hasCarrier);
  }

  /** Switches it off. @throws {OSError} ENODEV if it was removed */
  down(): void {
    this.#change(false, this.#interface.hasCarrier);
  }

  /** Plugs its cable in, or out. @throws {OSError} ENODEV if it was removed */
  carrier(isThere: boolean): void {
    this.#change(this.#interface.isUp, isThere);
  }

  /** Takes it away. @throws {OSError} ENODEV if that was done already */
  remove(): void {
    const result = interfacesOf(this.#kernel).remove(this.#interface);
    checkedCall(this.#kernel, result, "link", this.name);
  }
}

/** All network interfaces of a kernel. There is loopback, `lo`, from the beginning. */
export class SimInterfaces {
  readonly #kernel: Kernel;
  readonly #interfaces: Interfaces;
  readonly #known = new WeakMap<Interface, SimInterface>();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#interfaces = interfacesOf(kernel);
  }

  #of(one: Interface): SimInterface {
    let known = this.#known.get(one);
    if (known === undefined) {
      known = new SimInterface(this.#kernel, one);
      this.#known.set(one, known);
    }
    return known;
  }

  /** Adds one. @throws {FileExistsError} if there is one of that name */
  add(name: string, { up = false, carrier = true }: InterfaceOptions = {}): SimInterface {
    const made = this.#interfaces.add(name, up, carrier);
    if (typeof made !== "number") return this.#of(made);
    checkedCall(this.#kernel, made, "link", name);
    throw new Error("unreachable");
  }

  /** The interface with a name or an index, if there is one. */
  find(which: string | number): SimInterface | undefined {
    for (const one of this) if (one.name === which || one.index === which) return one;
    return undefined;
  }

  *[Symbol.iterator](): IterableIterator<SimInterface> {
    for (const one of this.#interfaces) yield this.#of(one);
  }
}
