// Descriptors of a guest that JavaScript implements: streams, ports, fixed bytes.

/**
 * A descriptor of a guest that JavaScript implements. Events are EVENT_IN, EVENT_OUT, EVENT_HUP and EVENT_ERR of
 * omnipoll/abi; error numbers are Linux's.
 */
export interface Source {
  /** The fs_filetype of witx: 2 for a character device, 5 for a datagram socket, 6 for a stream socket. */
  readonly filetype: number;

  /** The events that hold now, level-triggered as in poll(2). */
  ready(): number;

  /** Number of bytes that can be read now, -1 if that is not known. */
  readable(): number;

  /** Room for bytes to write, -1 if that is not known. */
  writable(): number;

  /**
   * Takes at most `buffer.length` bytes. Never blocks or throws.
   *
   * @returns how many, 0 at the end, or a negative errno: -EAGAIN if nothing can be read yet
   */
  read(buffer: Uint8Array): number;

  /**
   * Gives bytes, of which it keeps no view. Never blocks or throws.
   *
   * @returns how many were taken, or a negative errno: -EAGAIN if there is no room
   */
  write(bytes: Uint8Array): number;

  /** Calls `changed` whenever `ready` may have changed. Returns a function that ends that. */
  watch(changed: () => void): () => void;

  /**
   * Takes what other threads have sent while this thread is blocked (receiveMessageOnPort). Without it
   * nothing changes while the thread is blocked.
   */
  readonly pump?: () => void;

  /** The errno of EVENT_ERR, or 0 without an error; does not take the error away. Default: EIO. */
  pendingError?(): number;

  /** Ends one direction or both: SHUT_RD 0, SHUT_WR 1, SHUT_RDWR 2. Returns 0 or a negative errno. */
  shutdown(how: number): number;

  /** Ends both directions, and everything that the source listens to. */
  close(): void;
}
