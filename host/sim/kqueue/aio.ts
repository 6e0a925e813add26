// EVFILT_AIO: the completion of an asynchronous read or write (filt_aio*). The knote is made at the
// completion, is active from then on, and goes when it is reported (EV_ONESHOT).

import { EV_ONESHOT, FILTER_AIO } from "../../../asm/abi.ts";
import { Knote, type KnoteQueue } from "./knote.ts";
import type { Completion } from "../fs/aio.ts";

/** The knote of one completed request. */
export class AioKnote extends Knote {
  static readonly filter = FILTER_AIO;
  readonly watched = "asynchronous read or write";

  constructor(queue: KnoteQueue, { id, flags, data, udata }: Completion) {
    const ended = flags | EV_ONESHOT;
    super(queue, { ident: id, filter: FILTER_AIO, flags: ended, fflags: 0, data: 0, udata });
    this.data = data;
  }

  event(): boolean {
    return true;
  }
}
