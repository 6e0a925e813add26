// EVFILT_READ and EVFILT_WRITE: one class of knote for each kind of descriptor, as its fo_kqfilter
// chooses in FreeBSD. The classes of sockets and files are in sockets.ts and vnode.ts.

import {
  DATA_READABLE,
  ENODEV,
  EINVAL,
  EPIPE,
  EV_EOF,
  EVENT_ERR,
  EVENT_HUP,
  EVENT_IN,
  EVENT_OUT,
  EVENT_PRI,
  EVENT_RDHUP,
  EVENT_RDNORM,
  EVENT_WRNORM,
  FD_DATAGRAM,
  FD_DEVICE,
  FD_DIRECTORY,
  FD_EPOLL,
  FD_EVENTFD,
  FD_FILE,
  FD_LISTENER,
  FD_PIPE,
  FD_STREAM,
  FD_TERMINAL,
  FILTER_READ,
} from "../../../asm/abi.ts";
import { EVENT_MAX, type EventFile } from "../fs/eventfd.ts";
import type { File } from "../kernel/file.ts";
import { type Kevent, Knote, type KnoteQueue } from "./knote.ts";
import { SocketReadKnote, SocketWriteKnote } from "./sockets.ts";
import { FileReadKnote, FileWriteKnote } from "./vnode.ts";
import { WatchingKnote } from "./watching.ts";
import type { PipeEnd } from "../fs/pipe.ts";
import type { PtyMaster, PtySlave } from "../fs/pty.ts";

/**
 * The knote of a pipe end in the other direction: attach succeeds, and the knote never becomes active
 * (pipe_nfiltops).
 */
class NullKnote extends Knote {
  readonly watched = "pipe";

  event(): boolean {
    return false;
  }
}

/** filt_piperead. Pipes ignore NOTE_LOWAT. */
class PipeReadKnote extends WatchingKnote {
  declare readonly file: PipeEnd;

  event(): boolean {
    this.data = this.file.pipe.size;
    if ((this.file.poll() & EVENT_HUP) !== 0) return this.end();
    this.flags &= ~EV_EOF;
    return this.data > 0;
  }
}

/** filt_pipewrite. */
class PipeWriteKnote extends WatchingKnote {
  declare readonly file: PipeEnd;

  /**
   * A pipe without a reader is refused with EPIPE; a FIFO may get a reader again, so its knote
   * attaches.
   */
  override attach(): number {
    const { pipe, inode } = this.file;
    return pipe.readers === 0 && inode === undefined ? -EPIPE : super.attach();
  }

  event(): boolean {
    const { pipe, inode } = this.file;
    const state = this.file.poll();
    const isGone = (state & EVENT_ERR) !== 0;
    this.data = isGone && inode === undefined ? 0 : pipe.bytes - pipe.size;
    if (isGone) return this.end();
    this.flags &= ~EV_EOF;
    return (state & EVENT_OUT) !== 0;
  }
}

/** filt_kqueue: the length of the active list of another queue (kq_count). */
class QueueKnote extends WatchingKnote {
  declare readonly file: File & { readonly activeCount: number };

  event(): boolean {
    this.data = this.file.activeCount;
    return this.data > 0;
  }
}

/** filt_eventfdread and filt_eventfdwrite. */
class CounterKnote extends WatchingKnote {
  declare readonly file: EventFile;

  event(): boolean {
    const { counter } = this.file;
    const left = this.filter === FILTER_READ ? counter : EVENT_MAX - counter;
    this.data = BigInt.asIntN(64, left);
    return left > 0n;
  }
}

/** tty_kqops_* and pts_kqops_*. */
class TerminalKnote extends WatchingKnote {
  declare readonly file: PtyMaster | PtySlave;

  event(): boolean {
    const state = this.file.poll();
    if ((state & EVENT_HUP) !== 0) return this.end();
    if (this.filter === FILTER_READ) {
      // VEOF (Ctrl-D) counts as a byte: `data` is 1 at an end of file that FIONREAD reports as 0.
      const isReadable = (state & EVENT_IN) !== 0;
      this.data = isReadable ? Math.max(this.file.data(DATA_READABLE), 1) : 0;
    } else {
      this.data = this.file.room;
    }
    return this.data > 0;
  }
}

/** Descriptors of the other kinds: `data` is FIONREAD where there is one, and poll decides readiness. */
class StateKnote extends WatchingKnote {
  event(): boolean {
    const bytes = this.filter === FILTER_READ ? this.file.data(DATA_READABLE) : 0;
    this.data = bytes > 0 ? bytes : 0;
    const mask = this.filter === FILTER_READ ? EVENT_IN : EVENT_OUT;
    return (this.file.poll() & mask) !== 0;
  }
}

/** Keys of the wake-ups that evaluate a knote of READ, and of WRITE. */
const READ_KEYS = EVENT_IN | EVENT_RDNORM | EVENT_PRI | EVENT_RDHUP | EVENT_HUP | EVENT_ERR;
const WRITE_KEYS = EVENT_OUT | EVENT_WRNORM | EVENT_HUP | EVENT_ERR;

type WatchingClass = new (queue: KnoteQueue, change: Kevent, file: never, keys: number) => Knote;

/** The classes of the knotes of READ and WRITE by FD_*; the other kinds have StateKnote. */
const CLASSES: Record<number, readonly [WatchingClass, WatchingClass]> = {
  [FD_PIPE]: [PipeReadKnote, PipeWriteKnote],
  [FD_EVENTFD]: [CounterKnote, CounterKnote],
  [FD_TERMINAL]: [TerminalKnote, TerminalKnote],
  [FD_STREAM]: [SocketReadKnote, SocketWriteKnote],
  [FD_LISTENER]: [SocketReadKnote, SocketWriteKnote],
  [FD_DATAGRAM]: [SocketReadKnote, SocketWriteKnote],
  [FD_FILE]: [FileReadKnote, FileWriteKnote],
  [FD_DIRECTORY]: [FileReadKnote, FileWriteKnote],
};

/** fo_kqfilter: a knote of READ or WRITE on `file`, not attached yet, or a negative errno. */
export function makeDescriptorKnote(queue: KnoteQueue, change: Kevent, file: File): Knote | number {
  const reads = change.filter === FILTER_READ;
  const { kind } = file;
  if (kind === FD_EPOLL) {
    return reads ? new QueueKnote(queue, change, file, READ_KEYS) : -EINVAL;
  }
  if (kind === FD_PIPE && !(reads ? file.isReadable : file.isWritable)) {
    return new NullKnote(queue, change);
  }
  if (kind === FD_DEVICE && !file.isPollable) return -ENODEV;
  // An eventfd has one knlist for both directions: every change evaluates all its knotes.
  const keys = kind === FD_EVENTFD ? READ_KEYS | WRITE_KEYS : reads ? READ_KEYS : WRITE_KEYS;
  const Class = CLASSES[kind]?.[reads ? 0 : 1] ?? StateKnote;
  return new Class(queue, change, file as never, keys);
}
