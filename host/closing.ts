// Who is told of a descriptor before omnipoll/os of this thread closes it.

const listeners: Array<(fd: number) => void> = [];

/** Calls `listener` before each close from now on. */
export function onClose(listener: (fd: number) => void): void {
  listeners.push(listener);
}

/** Tells everybody that `fd` is about to be closed. */
export function announceClose(fd: number): void {
  for (const listener of listeners) listener(fd);
}
