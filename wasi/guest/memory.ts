// The memory of a guest, checked: every address comes from the guest.

/** Reads and writes the memory of a guest. */
export class GuestMemory {
  readonly #memoryOf: () => WebAssembly.Memory | undefined;
  #view = new DataView(new ArrayBuffer(0));

  /** @param memory the memory, or a function that returns it: it may exist only after instantiation */
  constructor(memory: WebAssembly.Memory | (() => WebAssembly.Memory)) {
    this.#memoryOf = typeof memory === "function" ? memory : () => memory;
  }

  /** The memory. Callers must not keep the view: memory that grows detaches it. */
  view(): DataView {
    // A guest may call before its memory is known: from its start function.
    const buffer = this.#memoryOf()?.buffer;
    if (buffer !== undefined && buffer !== this.#view.buffer) this.#view = new DataView(buffer);
    return this.#view;
  }

  /**
   * Whether `count` records of `size` bytes at an address are in the memory, and the address is not C's null
   * pointer. `count` is not negative; without a record, any address will do.
   */
  has(address: number, count: number, size: number): boolean {
    const at = address >>> 0;
    return count === 0 || (at !== 0 && at + count * size <= this.view().byteLength);
  }

  /** Whether `length` bytes at an address are in the memory; 0 is an address like another for WASI's calls. */
  holds(address: number, length: number): boolean {
    return (address >>> 0) + length <= this.view().byteLength;
  }
}
