// Reads and writes of the memory of a core: copy_from_user and copy_to_user of the simulated kernel.

/** `length` bytes from `address` on, or undefined if some are outside the memory (-EFAULT). */
export function bytesAt(
  memory: WebAssembly.Memory,
  address: number,
  length: number,
): Uint8Array | undefined {
  const start = address >>> 0;
  const { buffer } = memory;
  if (length < 0 || start + length > buffer.byteLength) return undefined;
  return new Uint8Array(buffer, start, length);
}

/** Whether `length` bytes from `address` on are all within the memory (access_ok). */
export function isWithin(memory: WebAssembly.Memory, address: number, length: number): boolean {
  return length >= 0 && (address >>> 0) + length <= memory.buffer.byteLength;
}

/** As `bytesAt`, but a DataView. */
export function viewAt(
  memory: WebAssembly.Memory,
  address: number,
  length: number,
): DataView | undefined {
  const bytes = bytesAt(memory, address, length);
  return bytes && new DataView(bytes.buffer, bytes.byteOffset, length);
}

/** A copy of `bytes`. The slice() of Node's Buffer would be a view of bytes that the program may change. */
export function copyOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}
