// The memory of a core, as the simulated kernel reads and writes it.

/** The bytes from `address` on, or undefined if they are not all within the memory (-EFAULT). */
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

/** Whether `length` bytes from `address` on are all within the memory. */
export function isWithin(memory: WebAssembly.Memory, address: number, length: number): boolean {
  return length >= 0 && (address >>> 0) + length <= memory.buffer.byteLength;
}

/** The same bytes as a DataView. */
export function viewAt(
  memory: WebAssembly.Memory,
  address: number,
  length: number,
): DataView | undefined {
  const bytes = bytesAt(memory, address, length);
  return bytes && new DataView(bytes.buffer, bytes.byteOffset, length);
}

/** Bytes that stay as they are: Buffer's own slice() is a view of what a program may write to. */
export function copyOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}
