// Doubly linked lists through their members, as Linux's list_head and BSD's TAILQ: entering, leaving
// and asking whether a member is in a list take the same time however long the list is, and allocate
// nothing.
//
// A list is two words of its owner, the first and the last member. A link is two words of the member,
// its neighbours, and both are 0 while the member is in no list. A member has one link for each list
// it can be in; callers name the link by its offset in the member.

/** The ends of a list, or 0. */
@unmanaged
export class List {
  first: usize;
  last: usize;
}

/** The neighbours of a member, or 0. */
@unmanaged
class Link {
  before: usize;
  after: usize;
}

function linkOf(member: usize, link: usize): Link {
  return changetype<Link>(member + link);
}

/** Whether a member is in the list that `link` is for. */
export function isListed(list: List, member: usize, link: usize): bool {
  return linkOf(member, link).before !== 0 || list.first === member;
}

/** Adds a member that is not in the list, behind all others. */
export function append(list: List, member: usize, link: usize): void {
  const own = linkOf(member, link);
  const last = list.last;
  own.before = last;
  own.after = 0;
  if (last === 0) list.first = member;
  else linkOf(last, link).after = member;
  list.last = member;
}

/** Removes a member that is in the list. */
export function remove(list: List, member: usize, link: usize): void {
  const own = linkOf(member, link);
  const before = own.before;
  const after = own.after;
  if (before === 0) list.first = after;
  else linkOf(before, link).after = after;
  if (after === 0) list.last = before;
  else linkOf(after, link).before = before;
  own.before = 0;
  own.after = 0;
}
