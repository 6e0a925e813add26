// What other threads post to a queue: triggers of user events, and ends of asynchronous reads and
// writes.

import { EV_ONESHOT, FILTER_AIO, FILTER_USER, KEVENT_SIZE } from "../abi";
import * as host from "../host";
import { KeventRecord } from "../records";
import { createKnote } from "./knote";
import { activate, enterSource, findKnote, insertKnote, Queue, removeKnote } from "./queue";
import { input, INPUT_SIZE } from "./scratch";
import { register } from "./register";

/** Lets other threads post to this queue. 0 or a negative errno. */
export function openPosts(queue: Queue): i32 {
  if (queue.posts >= 0) return 0;
  const fd = host.post_open(queue.epfd);
  if (fd < 0) return fd;
  const entered = enterSource(queue, fd);
  if (entered < 0) {
    host.post_close(queue.epfd);
    return entered;
  }
  queue.posts = fd;
  return 0;
}

/** The end of a request: a knote that exists from now until it is reported. */
function completed(queue: Queue, record: KeventRecord): void {
  let knote = findKnote(queue, record.ident, FILTER_AIO);
  if (knote !== null) removeKnote(queue, knote);
  knote = createKnote();
  if (knote === null) return;
  knote.ident = record.ident;
  knote.filter = FILTER_AIO;
  knote.flags = record.flags | EV_ONESHOT;
  knote.fflags = record.fflags;
  knote.data = record.data;
  knote.udata = record.udata;
  insertKnote(queue, knote);
  activate(queue, knote);
}

/** Takes what was posted. A change that fails, of a knote that is gone, is nobody's. */
export function readPosts(queue: Queue): void {
  const capacity = INPUT_SIZE / KEVENT_SIZE;
  let got = host.post_take(queue.epfd, input, capacity);
  while (got > 0) {
    for (let i = 0; i < got; i++) {
      const record = changetype<KeventRecord>(input + (i as usize) * KEVENT_SIZE);
      if (record.filter === FILTER_AIO) {
        completed(queue, record);
      } else if (record.filter === FILTER_USER) {
        register(queue, record); // who posted does not wait for an error
      }
    }
    got = host.post_take(queue.epfd, input, capacity);
  }
}
