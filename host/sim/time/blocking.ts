// Whether a thread may block in Atomics.wait. The main thread of a page may not: there the call throws.

/** A word of shared memory even on a page without the headers that SharedArrayBuffer needs. */
function sharedWord(): Int32Array {
  const { buffer } = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  return new Int32Array(buffer, 0, 1);
}

/** A word for Atomics.wait. Its memory can be sent to other threads where SharedArrayBuffer exists. */
export function newBell(): Int32Array {
  return typeof SharedArrayBuffer === "undefined"
    ? sharedWord()
    : new Int32Array(new SharedArrayBuffer(4));
}

/** Whether this thread may block until another thread wakes it. */
export function canBlock(): boolean {
  try {
    // The word is not 1, so that the call never blocks.
    Atomics.wait(newBell(), 0, 1, 0);
    return true;
  } catch {
    return false;
  }
}
