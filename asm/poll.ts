// Poll objects: a registry each, whose records poll(2) takes as they are.

import { EBADF, EINTR, EINVAL, ENOMEM, ERROR_BAD_HANDLE } from "./abi";
import { deadlineOf, remaining } from "./deadline";
import * as kernel from "./kernel";
import { endWait, enterWait, hasInnerCall, leaveWait } from "./nesting";
import { closeObject, isObject, KIND_POLL, openObject, payloadOf } from "./objects";
import { createRegistry, destroyRegistry, Registry } from "./registry";

function registryOf(handle: i32): Registry | null {
  return isObject(handle, KIND_POLL) ? changetype<Registry>(payloadOf(handle)) : null;
}

/** Handle of a new poll object, or a negative errno. */
export function pollCreate(): i32 {
  const registry = createRegistry();
  if (registry === null) return -ENOMEM;
  const handle = openObject(KIND_POLL, changetype<usize>(registry));
  if (handle < 0) destroyRegistry(registry);
  return handle;
}

/** Forgets a poll object and its registrations. */
export function pollDestroy(handle: i32): i32 {
  const registry = registryOf(handle);
  if (registry === null) return ERROR_BAD_HANDLE;
  destroyRegistry(registry);
  return closeObject(handle, KIND_POLL);
}

/** Registers `fd`, or replaces its mask: Python's `register` may be called twice. */
export function pollRegister(handle: i32, fd: i32, want: u32): i32 {
  const registry = registryOf(handle);
  return registry === null ? ERROR_BAD_HANDLE : registry.set(fd, want as u16);
}

/** Replaces the mask of `fd`; ERROR_NOT_REGISTERED if it has none. */
export function pollModify(handle: i32, fd: i32, want: u32): i32 {
  const registry = registryOf(handle);
  return registry === null ? ERROR_BAD_HANDLE : registry.replace(fd, want as u16);
}

/** Forgets `fd`; ERROR_NOT_REGISTERED if it is not registered. */
export function pollUnregister(handle: i32, fd: i32): i32 {
  const registry = registryOf(handle);
  return registry === null ? ERROR_BAD_HANDLE : registry.remove(fd);
}

/** Address of the ready records of this object's last wait. 0 for a bad handle. */
export function pollReady(handle: i32): usize {
  const registry = registryOf(handle);
  return registry === null ? 0 : registry.ready;
}

/** Describes a registration, in the order of registration; see inspect.ts. */
export function pollInspect(handle: i32, place: i32): i32 {
  const registry = registryOf(handle);
  return registry === null ? ERROR_BAD_HANDLE : registry.inspect(place);
}

/** Waits on every registration and returns how many are ready, or a negative errno. */
export function pollWait(handle: i32, timeoutMs: f64): i32 {
  const registry = registryOf(handle);
  return registry === null ? ERROR_BAD_HANDLE : pollRegistry(registry, timeoutMs);
}

/** Waits on the registrations of a registry, and collects those that are ready. */
export function pollRegistry(registry: Registry, timeoutMs: f64): i32 {
  registry.tidy();
  const deadline = deadlineOf(timeoutMs);
  const changes = registry.changes;
  enterWait();
  let ready = kernel.poll(registry.records, registry.count, timeoutMs);
  if (ready < 0 || hasInnerCall()) ready = pollAgain(registry, ready, changes, timeoutMs, deadline);
  if (ready > 0) registry.collect(ready);
  if (leaveWait()) endWait();
  return ready;
}

/**
 * Waits for the rest of the time: after a signal, after a callback of a simulated kernel that changed
 * the records, and without the gaps if these make more records than descriptors may be open.
 */
function pollAgain(
  registry: Registry,
  result: i32,
  known: i32,
  timeoutMs: f64,
  deadline: f64,
): i32 {
  let ready = result;
  let changes = known;
  if (ready === -EINVAL && registry.gaps > 0) {
    registry.compact();
    changes = registry.changes;
    ready = kernel.poll(registry.records, registry.count, timeoutMs);
  }
  while (ready === -EINTR || changes !== registry.changes) {
    if (registry.block === 0) return -EBADF; // the callback closed the object
    changes = registry.changes;
    ready = kernel.poll(registry.records, registry.count, remaining(timeoutMs, deadline));
  }
  return ready;
}
