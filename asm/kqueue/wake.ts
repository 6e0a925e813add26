// While the active list has knotes, an eventfd in the main set makes the queue's own descriptor readable.

import * as host from "../host";
import { settleWake as settle } from "../ready-list";
import { activeOf, Queue } from "./queue";
import { input } from "./scratch";
import { addSource, SOURCE_WAKE, sourceFd } from "./source";

/** Makes the queue's eventfd readable, or not. False if the queue cannot have one. */
function signal(owner: usize, isReady: bool): bool {
  const queue = changetype<Queue>(owner);
  if (sourceFd(queue, SOURCE_WAKE) < 0) {
    if (addSource(queue, SOURCE_WAKE, host.eventfd()) < 0) return false;
  }
  const wake = sourceFd(queue, SOURCE_WAKE);
  store<u64>(input, 1);
  if (isReady) host.write(wake, input, 8);
  else host.read(wake, input, 8);
  return true;
}

/** Makes the queue's descriptor readable if the active list has knotes, and only then. */
export function settleWake(queue: Queue): void {
  settle(activeOf(queue), changetype<usize>(queue), signal);
}
