// Whether the runtime counts the bytes of an event. witx says that `nbytes` is how many can be read or written.
// uvwasi always says 0, wasmtime 1; poll_oneoff of omnipoll/wasi counts. No call of a runtime tells which, so
// the program does.

let trusted = false;

/** Whether `nbytes` is a count. */
export function countsBytes(): bool {
  return trusted;
}

/**
 * 1 if the runtime's events count the bytes, 0 (the default) if they do not: the core then takes every event for
 * one byte, or for room for one. READ and WRITE report `data` 1, and nothing follows from an event without bytes.
 */
export function trustBytes(on: i32): void {
  trusted = on !== 0;
}
