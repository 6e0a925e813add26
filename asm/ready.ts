// The ready records of the last wait on an epoll. They grow before a wait, never in one.

import { ENOMEM, READY_RECORD_SIZE } from "./abi";
import { allocate, LARGEST } from "./memory";
import { releaseAfterWaits } from "./nesting";

let records: usize = 0;
let capacity = 0;

/** Address of the first ready record. */
export function readyStart(): usize {
  return records;
}

/** How many ready records there is room for. */
export function readyCapacity(): i32 {
  return capacity;
}

/** Copies `count` records from where a wait wrote them, if a call within the wait made more room. */
export function keepReady(start: usize, count: i32): void {
  if (start !== records && count > 0) {
    memory.copy(records, start, (count as usize) * READY_RECORD_SIZE);
  }
}

/** Makes room for `wanted` ready records. 0 or -ENOMEM. */
export function reserveReady(wanted: i32): i32 {
  if (wanted <= capacity) return 0;
  if ((wanted as usize) > LARGEST / READY_RECORD_SIZE) return -ENOMEM;
  const block = allocate((wanted as usize) * READY_RECORD_SIZE);
  if (block === 0) return -ENOMEM;
  releaseAfterWaits(records, (capacity as usize) * READY_RECORD_SIZE);
  records = block;
  capacity = wanted;
  return 0;
}
