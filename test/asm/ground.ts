// The ground of asm/ as exports, for a test. Compiled by asc alone, with members of this shape.

import { append, isListed, List, remove } from "../../asm/list";
import { allocate } from "../../asm/memory";
import { dequeue, enqueue, ReadyList, settleWake } from "../../asm/ready-list";
import {
  chainOf,
  insertInWait,
  insertMember,
  prepareTable,
  releaseTable,
  removeMember,
  Table,
} from "../../asm/table";

/** A member of one list and one table. */
@unmanaged
class Member {
  key: u32;
  before: usize;
  after: usize;
  chain: usize;
}

const LINK: usize = offsetof<Member>("before");
const CHAIN: usize = offsetof<Member>("chain");

function zeroed(bytes: usize): usize {
  const at = allocate(bytes);
  memory.fill(at, 0, bytes);
  return at;
}

export function newMember(key: u32): usize {
  const at = zeroed(offsetof<Member>());
  changetype<Member>(at).key = key;
  return at;
}

export function newList(): usize {
  return zeroed(offsetof<List>());
}

export function listAppend(list: usize, member: usize): void {
  append(changetype<List>(list), member, LINK);
}

export function listRemove(list: usize, member: usize): void {
  remove(changetype<List>(list), member, LINK);
}

export function listHas(list: usize, member: usize): bool {
  return isListed(changetype<List>(list), member, LINK);
}

/** The member behind another one, or the first; before it with `backwards`. */
export function listNext(list: usize, member: usize, backwards: bool): usize {
  const own = changetype<List>(list);
  if (member === 0) return backwards ? own.last : own.first;
  return backwards ? changetype<Member>(member).before : changetype<Member>(member).after;
}

export function newReadyList(): usize {
  return zeroed(offsetof<ReadyList>());
}

export function readyEnqueue(list: usize, member: usize): bool {
  return enqueue(changetype<ReadyList>(list), member, LINK);
}

export function readyDequeue(list: usize, member: usize): bool {
  return dequeue(changetype<ReadyList>(list), member, LINK);
}

export function readyCount(list: usize): i32 {
  return changetype<ReadyList>(list).count;
}

/** The signals of settleWake: 1 and 2 are ready and not; whether the owner can take one. */
let signals: i32 = 0;
let canSignal: bool = true;

function signal(_owner: usize, isReady: bool): bool {
  signals = signals * 4 + (isReady ? 1 : 2);
  return canSignal;
}

/** Returns the signals that settling made, as digits to the base of 4. */
export function readySettle(list: usize, works: bool): i32 {
  signals = 0;
  canSignal = works;
  settleWake(changetype<ReadyList>(list), list, signal);
  return signals;
}

function hashOf(member: usize): u32 {
  return changetype<Member>(member).key;
}

/** A prepared table; 0 without memory. */
export function newTable(): usize {
  const at = zeroed(offsetof<Table>());
  return prepareTable(changetype<Table>(at)) ? at : 0;
}

export function tableInsert(table: usize, member: usize, inWait: bool): void {
  const own = changetype<Table>(table);
  if (inWait) insertInWait(own, member, CHAIN, hashOf);
  else insertMember(own, member, CHAIN, hashOf);
}

export function tableRemove(table: usize, member: usize): void {
  removeMember(changetype<Table>(table), member, CHAIN, hashOf);
}

/** The last member with a key that was entered, or 0. */
export function tableFind(table: usize, key: u32): usize {
  let member = chainOf(changetype<Table>(table), key);
  while (member !== 0 && changetype<Member>(member).key !== key) {
    member = changetype<Member>(member).chain;
  }
  return member;
}

export function tableCells(table: usize): usize {
  return changetype<Table>(table).cells;
}

export function tableSize(table: usize): i32 {
  return changetype<Table>(table).size;
}

export function tableCount(table: usize): i32 {
  return changetype<Table>(table).count;
}

export function tableRelease(table: usize): void {
  releaseTable(changetype<Table>(table));
}
