// The ready list of an epoll and the active list of a kqueue: the members with an event, in the order
// of their events. The owner's descriptor is readable while the list has members. A wake-up of the
// owner (an eventfd, a user event) makes it so.

import { append, isListed, List, remove } from "./list";

/** A list, the number of its members, and whether the owner's wake-up is signalled. */
@unmanaged
export class ReadyList extends List {
  count: i32;
  isAwake: bool;
}

/** Puts a member at the end of the list. False if it is in the list already: it keeps its place. */
export function enqueue(list: ReadyList, member: usize, link: usize): bool {
  if (isListed(list, member, link)) return false;
  append(list, member, link);
  list.count++;
  return true;
}

/** Takes a member off the list. False if it is not in it. */
export function dequeue(list: ReadyList, member: usize, link: usize): bool {
  if (!isListed(list, member, link)) return false;
  remove(list, member, link);
  list.count--;
  return true;
}

/**
 * Signals the owner's wake-up if the list is no longer empty, or withdraws it if the list is empty.
 *
 * @param signal does one or the other; false if it cannot, so that the next call tries again
 */
export function settleWake(
  list: ReadyList,
  owner: usize,
  signal: (owner: usize, isReady: bool) => bool,
): void {
  const isReady = list.count > 0;
  if (isReady !== list.isAwake && signal(owner, isReady)) list.isAwake = isReady;
}
