// Whether a thread may sleep. A page's own may not: there Atomics.wait throws.

/** Shared without the headers that a page needs to send shared memory to another thread. */
function sharedWord(): Int32Array {
  const { buffer } = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  return new Int32Array(buffer, 0, 1);
}

/** A word that Atomics.wait takes; of memory that may be sent to other threads, where there is any. */
export function newBell(): Int32Array {
  return typeof SharedArrayBuffer === "undefined"
    ? sharedWord()
    : new Int32Array(new SharedArrayBuffer(4));
}

/** Whether this thread may sleep until another one wakes it. */
export function canBlock(): boolean {
  try {
    // The word is not 1, so that it never sleeps.
    Atomics.wait(newBell(), 0, 1, 0);
    return true;
  } catch {
    return false;
  }
}
