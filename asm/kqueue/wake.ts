// The queue's own descriptor: readable while the line of active knotes is not empty.

import * as host from "../host";
import { addSource, Queue } from "./queue";
import { input } from "./scratch";

/** Makes the queue's descriptor readable while there is something in line, and only then. */
export function settleWake(queue: Queue): void {
  const wanted = queue.line > 0;
  if (wanted === queue.awake) return;
  if (queue.wake < 0) {
    const wake = addSource(queue, host.eventfd());
    if (wake < 0) return;
    queue.wake = wake;
  }
  store<u64>(input, 1);
  if (wanted) host.write(queue.wake, input, 8);
  else host.read(queue.wake, input, 8);
  queue.awake = wanted;
}
