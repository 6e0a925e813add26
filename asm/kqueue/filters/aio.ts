// EVFILT_AIO: the completion of a request. aio_read and aio_write name the queue; a change cannot make
// such a knote (filt_aioattach), posts.ts does.

import { EPERM, FILTER_AIO } from "../../abi";
import { addFilter, detachNothing, touchKnote } from "../filter";
import { Knote } from "../knote";
import { Queue } from "../queue";

function attach(_queue: Queue, _knote: Knote): i32 {
  return -EPERM;
}

/** The knote exists because the request has completed. */
function event(_queue: Queue, _knote: Knote): i32 {
  return 1;
}

addFilter(FILTER_AIO, attach, detachNothing, touchKnote, event);
