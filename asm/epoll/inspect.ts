// Reading an emulated epoll, for `inspect()`; see ../inspect.ts.

import { EBADF, INSPECT_READY, REGISTRATION_DISABLED } from "../abi";
import { describe } from "../inspect";
import { epollOf, Registration, STATUS_DISABLED } from "./emulated";

/** Registrations are blocks of 64 bytes, so this much of an address is enough for a place. */
const PLACE_SHIFT = 6;

/** Describes the registration behind `place`, of all in the order of registration or of the ready list. */
export function inspectEmulated(epfd: i32, list: i32, place: i32): i32 {
  const epoll = epollOf(epfd);
  if (epoll === null) return -EBADF;
  const fromReady: bool = list === INSPECT_READY;
  let registration: Registration | null;
  if (place === 0) {
    registration = fromReady ? epoll.firstReady : epoll.first;
  } else {
    const last = changetype<Registration>((place as usize) << PLACE_SHIFT);
    registration = fromReady ? last.readyAfter : last.after;
  }
  if (registration === null) return 0;
  const next = (changetype<usize>(registration) >> PLACE_SHIFT) as i32;
  const state = registration.status & STATUS_DISABLED ? REGISTRATION_DISABLED : 0;
  describe(registration.fd, registration.interest, state, next as u32);
  return next;
}
