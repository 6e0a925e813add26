// The network interfaces of a simulated kernel.

import type { Kernel } from "../../host/sim/kernel/kernel.ts";
import { type Interface, type Interfaces, interfacesOf } from "../../host/sim/net/interfaces.ts";
import { show, ValueError } from "../errors.ts";
import { booleanOf, checkedCall, entriesOf, stringOf } from "./arguments.ts";

/** Options of a new interface. */
export interface InterfaceOptions {
  /** Whether the interface is administratively up (IFF_UP). Default: false. */
  readonly up?: boolean;
  /** Whether the interface has a carrier: its cable is plugged in. Default: true. */
  readonly carrier?: boolean;
}

const OPTIONS: readonly string[] = ["up", "carrier"] satisfies Array<keyof InterfaceOptions>;

/** Bytes of the longest name of an interface: IFNAMSIZ with its null byte is 16. */
const NAME_MAX = 15;

/** dev_valid_name. */
function nameOf(value: unknown): string {
  const name = stringOf(value, "name");
  const { length } = new TextEncoder().encode(name);
  const isValid = length >= 1 && length <= NAME_MAX && !/[/:\s]/.test(name);
  if (isValid && name !== "." && name !== "..") return name;
  const rule = `1 to ${NAME_MAX} bytes without "/", ":" or white space`;
  throw new ValueError(`name must be ${rule}, got ${show(name)}`);
}

/** One network interface. Its link is up while the interface is up and has a carrier. */
export class SimInterface {
  readonly #kernel: Kernel;
  readonly #interface: Interface;

  constructor(kernel: Kernel, one: Interface) {
    this.#kernel = kernel;
    this.#interface = one;
  }

  /** The index of the interface, from 1: the ident of its KQ_FILTER_NETDEV kevents. */
  get index(): number {
    return this.#interface.index;
  }

  /** The name of the interface, "eth0". */
  get name(): string {
    return this.#interface.name;
  }

  /** IFF_* bits of Linux (netdevice(7)). */
  get flags(): number {
    return this.#interface.flags;
  }

  #change(isUp: boolean, hasCarrier: boolean): void {
    const result = interfacesOf(this.#kernel).change(this.#interface, isUp, hasCarrier);
    checkedCall(this.#kernel, result, "link", this.name);
  }

  /**
   * Sets the interface up (`ip link set NAME up`). @throws {OSError} ENODEV if the interface was
   * removed
   */
  up(): void {
    this.#change(true, this.#interface.hasCarrier);
  }

  /** Sets the interface down. @throws {OSError} ENODEV if the interface was removed */
  down(): void {
    this.#change(false, this.#interface.hasCarrier);
  }

  /** Plugs the cable in (true) or out (false). @throws {OSError} ENODEV if the interface was removed */
  carrier(isThere: boolean): void {
    this.#change(this.#interface.isUp, booleanOf(isThere, "isThere"));
  }

  /**
   * Removes the interface from the kernel. @throws {OSError} ENODEV if the interface was removed
   * already
   */
  remove(): void {
    const result = interfacesOf(this.#kernel).remove(this.#interface);
    checkedCall(this.#kernel, result, "link", this.name);
  }
}

/**
 * The network interfaces of a kernel, iterable in the order of their indices. A kernel starts with
 * loopback, `lo`.
 */
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

  /**
   * Adds an interface with the next index.
   *
   * @param name 1 to 15 bytes without "/", ":" or white space
   * @throws {FileExistsError} if the name is taken
   * @throws {ValueError} for an impossible name
   * @throws {TypeError} for an unknown option or a value of the wrong type
   */
  add(name: string, options: InterfaceOptions = {}): SimInterface {
    entriesOf(options, "options", OPTIONS);
    const { up = false, carrier = true } = options;
    const made = this.#interfaces.add(
      nameOf(name),
      booleanOf(up, "up"),
      booleanOf(carrier, "carrier"),
    );
    if (typeof made !== "number") return this.#of(made);
    checkedCall(this.#kernel, made, "link", name);
    throw new Error("unreachable");
  }

  /** The interface with this name or index; undefined if no interface has it. */
  find(which: string | number): SimInterface | undefined {
    for (const one of this) if (one.name === which || one.index === which) return one;
    return undefined;
  }

  /** Every interface, the lowest index first. */
  *[Symbol.iterator](): IterableIterator<SimInterface> {
    for (const one of this.#interfaces) yield this.#of(one);
  }
}
