// Deadlines: the rest of a timeout when a wait is resumed. A signal interrupts the wait of a kernel; as
// in Python (PEP 475) the caller of a wait does not notice.

import * as host from "./host";

/** Time at which a wait of `timeoutMs` ends. Reads no clock for a wait of 0 or for ever. */
export function deadlineOf(timeoutMs: f64): f64 {
  return timeoutMs > 0 ? host.now() + timeoutMs : 0;
}

/** Milliseconds left of a wait of `timeoutMs` that ends at `deadline`; 0 once it has passed. */
export function remaining(timeoutMs: f64, deadline: f64): f64 {
  return timeoutMs > 0 ? Math.max(deadline - host.now(), 0) : timeoutMs;
}
