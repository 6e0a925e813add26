// Hash tables of chains through their members: finding, entering and removing a member take the same
// time among ten and a hundred thousand. An insertion grows a table that has as many members as cells,
// and shrinks one that has eight times as few. A removal allocates nothing, because it may happen in a
// wait. Callers compute the hash and walk the chain, since a lookup compares fields that only they know;
// a chain is one word of the member, named by its offset.

import { allocate, release } from "./memory";

const SMALLEST = 16;

@unmanaged
export class Table {
  /** Address of the cells: the first member of each chain, or 0. */
  cells: usize;
  /** Number of cells: a power of two; 0 before the first member. */
  size: i32;
  /** Number of members. */
  count: i32;
}

/** Hash of a member: the same number that a lookup of it computes. */
export type HashOf = (member: usize) => u32;

/** Address of the cell that has the chain of a hash. The factor spreads any run of numbers. */
export function cellOf(table: Table, hash: u32): usize {
  const cell = (hash * 0x9e3779b1) >> ((clz<u32>(table.size as u32) + 1) as u32);
  return table.cells + ((cell as usize) << 2);
}

/** First member of the chain of a hash, or 0; the table must have cells. */
export function chainOf(table: Table, hash: u32): usize {
  return load<usize>(cellOf(table, hash));
}

function link(table: Table, member: usize, chain: usize, hashOf: HashOf): void {
  const cell = cellOf(table, hashOf(member));
  store<usize>(member + chain, load<usize>(cell));
  store<usize>(cell, member);
}

/** Reverses the chain of a cell. Returns the member that is first then. */
function reverse(first: usize, chain: usize): usize {
  let reversed: usize = 0;
  while (first !== 0) {
    const next = load<usize>(first + chain);
    store<usize>(first + chain, reversed);
    reversed = first;
    first = next;
  }
  return reversed;
}

/** Gives the table another size. Without memory for that it stays as it is. */
function resize(table: Table, size: i32, chain: usize, hashOf: HashOf): void {
  const cells = allocate((size as usize) << 2);
  if (cells === 0) return;
  memory.fill(cells, 0, (size as usize) << 2);
  const from = table.cells;
  const fromEnd = from + ((table.size as usize) << 2);
  table.cells = cells;
  table.size = size;
  for (let cell = from; cell < fromEnd; cell += 4) {
    // The last member enters its new chain first, so that members with one key keep their order.
    let member = reverse(load<usize>(cell), chain);
    while (member !== 0) {
      const next = load<usize>(member + chain);
      link(table, member, chain, hashOf);
      member = next;
    }
  }
  release(from, fromEnd - from);
}

/** Gives an empty table its first cells. False without memory. */
export function prepareTable(table: Table): bool {
  if (table.size > 0) return true;
  const cells = allocate(SMALLEST << 2);
  if (cells === 0) return false;
  memory.fill(cells, 0, SMALLEST << 2);
  table.cells = cells;
  table.size = SMALLEST;
  return true;
}

/** Enters a member in a prepared table; of several with one key a lookup finds the last entered. */
export function insertMember(table: Table, member: usize, chain: usize, hashOf: HashOf): void {
  let size = table.size;
  while (size <= table.count) size *= 2;
  while (size > SMALLEST && table.count * 8 < size) size /= 2;
  if (size !== table.size) resize(table, size, chain, hashOf);
  insertInWait(table, member, chain, hashOf);
}

/** The same without another size, which would allocate. */
export function insertInWait(table: Table, member: usize, chain: usize, hashOf: HashOf): void {
  link(table, member, chain, hashOf);
  table.count++;
}

/** Removes a member, whose key is still what it was when it was entered. */
export function removeMember(table: Table, member: usize, chain: usize, hashOf: HashOf): void {
  let at = cellOf(table, hashOf(member));
  while (load<usize>(at) !== member) at = load<usize>(at) + chain;
  store<usize>(at, load<usize>(member + chain));
  table.count--;
}

/** Gives the memory of the cells back. */
export function releaseTable(table: Table): void {
  release(table.cells, (table.size as usize) << 2);
  table.cells = 0;
  table.size = 0;
  table.count = 0;
}
