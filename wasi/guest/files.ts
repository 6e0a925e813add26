// The open files of a guest, as its epolls and queues see them.

import type { Slot } from "../slots.ts";
import type { Source } from "../source.ts";

/** An object that has to learn when a file ends, or when one of its numbers does. */
export interface Holder {
  /** The last number of the file is about to be closed, and the descriptor of the host with it. */
  ended?(file: GuestFile): void;
  /** A number of the file is about to be closed, or to be given to another file. */
  numberClosed?(fd: number, file: GuestFile): void;
}

/** An open file (open file description) of a guest: one number at least stands for it. */
export interface GuestFile {
  /** The descriptor of the host that is polled; -1 for an object of JavaScript. */
  readonly poll: number;
  /** The object of JavaScript that the file is, if it is one. */
  readonly source?: Source | undefined;
  /** False for a regular file or directory, which is always ready and which epoll refuses. */
  readonly isPollable: boolean;
  readonly holders: Set<Holder>;
  /** What a wait for the file waits for, if that is not `poll` or `source` alone. */
  slot?(want: number): Slot;
}

/** The descriptor table of a guest, as its epolls and queues use it. */
export interface GuestFiles {
  /** The file with a number. */
  get(fd: number): GuestFile | undefined;
  /** Whether the runtime has a descriptor with this number, which the table does not have. */
  isForeign(fd: number): boolean;
  /** 0 if the guest may open so many descriptors more, else -EMFILE. */
  room(count: number): number;
  /**
   * Gives a file the lowest free number of those for files that the guest opens. A negative errno of Linux without one; the file is closed then.
   *
   * @param isBlocking whether reads and writes wait (no O_NONBLOCK)
   */
  add(file: GuestFile & { close(): void }, isBlocking: boolean): number;
  /** The same for a descriptor of the host, which the guest owns from now on. */
  addHost(fd: number, isBlocking: boolean): number;
}

/** A file as a holder has it: by the descriptor that the host's object was given, its own or a duplicate. */
export interface Held {
  readonly file: GuestFile;
  readonly host: number;
}

/** Leaves all files, when their holder ends, and closes the duplicates. */
export function leaveFiles(
  holder: Holder,
  held: Iterable<Held>,
  sources: Iterable<GuestFile>,
  close: (fd: number) => void,
): void {
  for (const { file, host } of held) {
    file.holders.delete(holder);
    if (host !== file.poll) close(host);
  }
  for (const file of sources) file.holders.delete(holder);
}
