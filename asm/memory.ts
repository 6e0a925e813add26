// Memory of the core: blocks of a power of two, kept in a free list per size once released.
// The stub runtime never frees, and traps when memory cannot grow; `allocate` returns 0 instead, so
// that a table that does not fit makes one call fail with ENOMEM and harms nothing else.

/** log2 of the smallest block, in bytes. */
const SMALLEST = 6;
const LARGEST_BITS = 30;
/** Bytes of the largest block. */
export const LARGEST: usize = 1 << LARGEST_BITS;
const PAGE = 65536;

/** Heads of the free lists, one per size; a free block's first word is the next one. */
const lists = memory.data((LARGEST_BITS + 1) * 4, 4);

/** First address behind all blocks. Blocks begin where a line of the processor's cache does. */
let top: usize = (__heap_base + 63) & ~63;

/** log2 of the block that holds `bytes`, which are LARGEST at most. */
function classOf(bytes: usize): i32 {
  return bytes <= 1 << SMALLEST ? SMALLEST : 32 - clz<u32>((bytes - 1) as u32);
}

/**
 * Bytes that a block of at least `bytes` really has; 0 if there is no such block. Sizes come in 64
 * bits, so that a product of a caller's numbers is checked and not its low half.
 */
export function roundUp(bytes: u64): usize {
  return bytes > LARGEST ? 0 : (1 as usize) << (classOf(bytes as usize) as usize);
}

/** A block of at least `bytes`, its content undefined; 0 if there is no memory left, or for 0 bytes. */
export function allocate(bytes: u64): usize {
  if (bytes === 0 || bytes > LARGEST) return 0;
  const size = classOf(bytes as usize);
  const list = lists + (size << 2);
  const free = load<usize>(list);
  if (free !== 0) {
    store<usize>(list, load<usize>(free));
    return free;
  }

  const block = top;
  const end = (block as u64) + ((1 as u64) << (size as u64));
  if (end > (usize.MAX_VALUE as u64)) return 0; // the last block below 4 GiB would make `top` 0
  const missing = (end as i64) - (((memory.size() as u64) * PAGE) as i64);
  if (missing > 0 && memory.grow(((missing + PAGE - 1) / PAGE) as i32) < 0) return 0;
  top = end as usize;
  return block;
}

/** Gives a block back; `bytes` is the size it was allocated with, or what `roundUp` made of that. */
export function release(block: usize, bytes: usize): void {
  if (block === 0) return;
  const list = lists + (classOf(bytes) << 2);
  store<usize>(block, load<usize>(list));
  store<usize>(list, block);
}
