// epoll_ctl of an emulated epoll, with its errors in the order of do_epoll_ctl in eventpoll.c
// (EPO-045). EPO-… are rows of the catalogue that test/conformance/ checks.

import {
  EBADF,
  EEXIST,
  EINVAL,
  ELOOP,
  ENOENT,
  ENOMEM,
  EPERM,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_CTL_MOD,
  EVENT_ERR,
  EVENT_ET,
  EVENT_EXCLUSIVE,
  EVENT_HUP,
  EVENT_IN,
  EVENT_OUT,
  EVENT_WAKEUP,
  FD_DEVICE,
  FD_DIRECTORY,
  FD_EPOLL,
  FD_FILE,
  STAT_SIZE,
} from "../abi";
import { hasKqueue } from "../capabilities";
import { describe, fileOf, kindOf } from "../descriptor";
import { StatRecord } from "../records";
import {
  addRegistration,
  dropRegistration,
  EmulatedEpoll,
  epollOf,
  findRegistration,
  firstEpoll,
  noteChange,
  Registration,
  STATUS_DISABLED,
} from "./emulated";
import { arm, disarm, isAccepted, isKnown, rearm } from "./knotes";
import { reserveRegistrations } from "./scratch";

/** EPOLLEXCLUSIVE_OK_BITS. */
const EXCLUSIVE_COMPANIONS: u32 =
  EVENT_IN | EVENT_OUT | EVENT_ERR | EVENT_HUP | EVENT_WAKEUP | EVENT_ET | EVENT_EXCLUSIVE;
/** Epolls within epolls, at most so deep (EP_MAX_NESTS). */
const DEEPEST = 5;

/** Stat record of the descriptor that a call registers, modifies or deletes. */
const target: usize = memory.data(STAT_SIZE, 8);

/** Whether an epoll is `wanted` or has it somewhere below. */
function reaches(epoll: EmulatedEpoll, wanted: EmulatedEpoll): bool {
  if (epoll === wanted) return true;
  let registration = epoll.first;
  while (registration !== null) {
    const inner = registration.inner;
    if (inner !== null && reaches(inner, wanted)) return true;
    registration = registration.after;
  }
  return false;
}

/** Length of the longest chain of epolls within each other that begins with `epoll`. */
function depthBelow(epoll: EmulatedEpoll): i32 {
  let deepest = 0;
  let registration = epoll.first;
  while (registration !== null) {
    const inner = registration.inner;
    if (inner !== null) deepest = max(deepest, depthBelow(inner));
    registration = registration.after;
  }
  return deepest + 1;
}

/** How many epolls are above `epoll` in the longest such chain. */
function depthAbove(epoll: EmulatedEpoll): i32 {
  let highest = 0;
  let other = firstEpoll();
  while (other !== null) {
    if (findRegistration(other, epoll.fd) !== null) highest = max(highest, depthAbove(other) + 1);
    other = other.after;
  }
  return highest;
}

/** Whether `inner` cannot be registered with `epoll`: a loop, or too many within each other. */
function isTooDeep(epoll: EmulatedEpoll, inner: EmulatedEpoll): bool {
  return reaches(inner, epoll) || depthAbove(epoll) + 1 + depthBelow(inner) > DEEPEST;
}

function add(
  epoll: EmulatedEpoll,
  fd: i32,
  mask: u32,
  stat: StatRecord,
  inner: EmulatedEpoll | null,
): i32 {
  if (!reserveRegistrations(1)) return -ENOMEM;
  const registration = addRegistration(epoll, fd);
  if (registration === null) return -ENOMEM;
  registration.file = fileOf(stat);
  registration.kind = (inner === null ? stat.kind : FD_EPOLL) as u8;
  registration.inner = inner;
  registration.interest = mask;
  const armed = hasKqueue() ? arm(epoll, registration) : 0;
  if (armed < 0) dropRegistration(epoll, registration);
  return armed;
}

/** ep_modify: a ready descriptor is reported anew, and keeps its place on the ready list. */
function modify(epoll: EmulatedEpoll, registration: Registration, mask: u32): i32 {
  const before = registration.interest;
  registration.interest = mask;
  registration.status &= ~STATUS_DISABLED;
  noteChange();
  if (hasKqueue()) {
    const armed = rearm(epoll, registration, before);
    if (armed === -ENOENT) dropRegistration(epoll, registration);
    return armed;
  }
  registration.reported = 0;
  return 0;
}

/** Whether a kqueue refuses a device: it is always ready, so that nothing can wait for it. */
function isAlwaysReady(fd: i32, epoll: EmulatedEpoll | null): bool {
  const asked = epoll === null ? firstEpoll() : epoll;
  return hasKqueue() && asked !== null && !isAccepted(asked, fd);
}

/**
 * Whether the number of a registration was closed and is another file's now. Where files have no
 * numbers, the kernel is asked whether it still has the knotes. The question may report an edge once
 * more, so that only ADD asks, which would fail otherwise.
 */
function isReplaced(
  epoll: EmulatedEpoll,
  registration: Registration,
  stat: StatRecord,
  op: i32,
): bool {
  if (registration.file !== fileOf(stat)) return true;
  if (op !== EPOLL_CTL_ADD || registration.file !== 0 || !hasKqueue()) return false;
  return !isKnown(epoll, registration);
}

/** Drops a registration. -ENOENT if the kernel has forgotten it: it was closed. */
function remove(epoll: EmulatedEpoll, registration: Registration): i32 {
  const isHeld: bool = !hasKqueue() || disarm(epoll, registration);
  dropRegistration(epoll, registration);
  return isHeld ? 0 : -ENOENT;
}

/** epoll_ctl(2). 0 or a negative errno. */
export function controlEmulated(epfd: i32, op: i32, fd: i32, mask: u32): i32 {
  const epoll = epollOf(epfd);
  let registration: Registration | null = null;
  if (epoll !== null) registration = findRegistration(epoll, fd);
  // EPO-042: a closed epoll is found out before a closed target.
  if (epoll === null && kindOf(epfd) < 0) return -EBADF;
  // EPO-032, EPO-035: the target is open. If it was closed without omnipoll/os, so is what it was here.
  const stat = changetype<StatRecord>(target);
  const kind = describe(fd, stat);
  if (kind < 0) {
    if (registration !== null) dropRegistration(epoll!, registration);
    return -EBADF;
  }
  // EPO-038: the target can be waited for (file_can_poll). Files and most devices are always ready.
  if (kind === FD_FILE || kind === FD_DIRECTORY) return -EPERM;
  if (kind === FD_DEVICE && registration === null && isAlwaysReady(fd, epoll)) return -EPERM;
  // EPO-041, EPO-037: the epoll is one, and is not its own target.
  if (epoll === null || fd === epfd) return -EINVAL;
  const inner = epollOf(fd);
  // EPO-139 to 142: EPOLLEXCLUSIVE only with ADD, not of an epoll, with EPOLLEXCLUSIVE_OK_BITS.
  if (op !== EPOLL_CTL_DEL && mask & EVENT_EXCLUSIVE) {
    if (op === EPOLL_CTL_MOD || inner !== null || mask & ~EXCLUSIVE_COMPANIONS) return -EINVAL;
  }
  // EPO-178: loops, and more than EP_MAX_NESTS epolls within each other, before EEXIST.
  if (op === EPOLL_CTL_ADD && inner !== null && isTooDeep(epoll, inner)) return -ELOOP;

  if (registration !== null && isReplaced(epoll, registration, stat, op)) {
    dropRegistration(epoll, registration);
    registration = null;
  }
  // EPO-033, EPO-034, EPO-043: a descriptor registered twice or not at all, an unknown operation.
  if (op === EPOLL_CTL_ADD)
    return registration === null ? add(epoll, fd, mask, stat, inner) : -EEXIST;
  if (op === EPOLL_CTL_MOD) {
    if (registration === null) return -ENOENT;
    return registration.interest & EVENT_EXCLUSIVE ? -EINVAL : modify(epoll, registration, mask);
  }
  if (op !== EPOLL_CTL_DEL) return -EINVAL;
  return registration === null ? -ENOENT : remove(epoll, registration);
}
