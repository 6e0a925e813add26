// Devpoll objects: /dev/poll of illumos over poll(2). Masks add up, a mask of its own removes, and only
// a bad object is an error (uts/common/io/devpoll.c).

import { ENOMEM, ERROR_BAD_HANDLE, POLL_REMOVE, READY_RECORD_SIZE } from "./abi";
import { allocate, release } from "./memory";
import * as host from "./host";
import { openPlaceholder } from "./kernel";
import { closeObject, isObject, KIND_DEVPOLL, openObject, payloadOf } from "./objects";
import { pollRegistry } from "./poll";
import { ReadyRecord } from "./records";
import { createRegistry, destroyRegistry, Registry } from "./registry";

@unmanaged
class Devpoll {
  registry: Registry;
  /** Placeholder descriptor of the object; nothing waits on it. */
  fd: i32;
  /** Descriptor at which the next wait begins, if the last one found more than fit (pc_mapstart). */
  start: i32;
}

function named(handle: i32): Devpoll | null {
  return isObject(handle, KIND_DEVPOLL) ? changetype<Devpoll>(payloadOf(handle)) : null;
}

/** Handle of a new devpoll object, or a negative errno. */
export function devpollCreate(): i32 {
  const fd = openPlaceholder();
  if (fd < 0) return fd;
  const at = allocate(offsetof<Devpoll>());
  const registry = createRegistry();
  if (at === 0 || registry === null) {
    release(at, offsetof<Devpoll>());
    if (registry !== null) destroyRegistry(registry);
    host.close(fd);
    return -ENOMEM;
  }
  const devpoll = changetype<Devpoll>(at);
  devpoll.registry = registry;
  devpoll.fd = fd;
  devpoll.start = 0;
  const handle = openObject(KIND_DEVPOLL, at);
  if (handle < 0) destroy(devpoll);
  return handle;
}

function destroy(devpoll: Devpoll): i32 {
  const fd = devpoll.fd;
  destroyRegistry(devpoll.registry);
  release(changetype<usize>(devpoll), offsetof<Devpoll>());
  return host.close(fd);
}

/** Closes a devpoll object. */
export function devpollClose(handle: i32): i32 {
  const devpoll = named(handle);
  if (devpoll === null) return ERROR_BAD_HANDLE;
  closeObject(handle, KIND_DEVPOLL);
  return destroy(devpoll);
}

/** Descriptor of a devpoll object. */
export function devpollFileno(handle: i32): i32 {
  const devpoll = named(handle);
  return devpoll === null ? ERROR_BAD_HANDLE : devpoll.fd;
}

/** Adds bits to the mask of `fd`, or forgets `fd` if POLL_REMOVE is among them. */
export function devpollWrite(handle: i32, fd: i32, want: u32): i32 {
  const devpoll = named(handle);
  if (devpoll === null) return ERROR_BAD_HANDLE;
  const registry = devpoll.registry;
  if (want & POLL_REMOVE) {
    registry.remove(fd); // removing an unknown descriptor is no error
    return 0;
  }
  return registry.set(fd, (want | registry.maskOf(fd)) as u16);
}

/** Describes a registration, in the order of registration; see inspect.ts. */
export function devpollInspect(handle: i32, place: i32): i32 {
  const devpoll = named(handle);
  return devpoll === null ? ERROR_BAD_HANDLE : devpoll.registry.inspect(place);
}

/** Address of the ready records of the last wait. 0 for a bad handle. */
export function devpollReady(handle: i32): usize {
  const devpoll = named(handle);
  return devpoll === null ? 0 : devpoll.registry.ready;
}

function readyAt(registry: Registry, index: i32): ReadyRecord {
  return changetype<ReadyRecord>(registry.ready + (index as usize) * READY_RECORD_SIZE);
}

/** Whether `fd` is reported before `other`: ascending from `start`, then from 0. */
function isBefore(fd: i32, other: i32, start: i32): bool {
  return ((fd - start) as u32) < ((other - start) as u32);
}

/** Sinks the record at `root` of a heap whose top is the last record to be reported. */
function sink(registry: Registry, root: i32, count: i32, start: i32): void {
  const moved = load<u64>(changetype<usize>(readyAt(registry, root)));
  const fd = moved as i32;
  while (true) {
    let child = 2 * root + 1;
    if (child >= count) break;
    if (child + 1 < count) {
      if (isBefore(readyAt(registry, child).fd, readyAt(registry, child + 1).fd, start)) child++;
    }
    if (!isBefore(fd, readyAt(registry, child).fd, start)) break;
    const at = changetype<usize>(readyAt(registry, root));
    store<u64>(at, load<u64>(changetype<usize>(readyAt(registry, child))));
    root = child;
  }
  store<u64>(changetype<usize>(readyAt(registry, root)), moved);
}

/** Sorts the ready records by descriptor, the first from `start` on in front (heap sort). */
function sortByDescriptor(registry: Registry, count: i32, start: i32): void {
  for (let root = count / 2 - 1; root >= 0; root--) sink(registry, root, count, start);
  for (let last = count - 1; last > 0; last--) {
    const first = changetype<usize>(readyAt(registry, 0));
    const end = changetype<usize>(readyAt(registry, last));
    const kept = load<u64>(first);
    store<u64>(first, load<u64>(end));
    store<u64>(end, kept);
    sink(registry, 0, last, start);
  }
}

/**
 * Waits (DP_POLL with dp_nfds = `capacity`) and returns how many ready records there are, ascending. If
 * there were more than fit, the next wait begins behind the last one.
 */
export function devpollWait(handle: i32, capacity: i32, timeoutMs: f64): i32 {
  const devpoll = named(handle);
  if (devpoll === null) return ERROR_BAD_HANDLE;
  const registry = devpoll.registry;
  const count = pollRegistry(registry, timeoutMs);
  if (count <= 0) return count;
  sortByDescriptor(registry, count, devpoll.start);
  if (count <= capacity) return count;
  devpoll.start = readyAt(registry, capacity - 1).fd + 1;
  return capacity;
}
