// Posts of other threads to a queue: triggers of user events, and completions of asynchronous reads and
// writes.

import { EV_ONESHOT, FILTER_AIO, FILTER_USER, KEVENT_SIZE } from "../abi";
import * as host from "../host";
import { KeventRecord } from "../records";
import { createKnote } from "./knote";
import { activate, findKnote, insertKnote, Queue, removeKnote } from "./queue";
import { register } from "./register";
import { input, INPUT_SIZE } from "./scratch";
import { addSource, onClose, onReadable, SOURCE_POSTS, sourceFd } from "./source";

/** Lets other threads post to a queue. 0 or a negative errno. */
export function openPosts(queue: Queue): i32 {
  if (sourceFd(queue, SOURCE_POSTS) >= 0) return 0;
  return addSource(queue, SOURCE_POSTS, host.post_open(queue.epfd));
}

function closePosts(queue: Queue, _fd: i32): void {
  host.post_close(queue.epfd);
}

/** A request has completed: its knote exists from now until it is reported. */
function complete(queue: Queue, record: KeventRecord): void {
  const earlier = findKnote(queue, record.ident, FILTER_AIO);
  if (earlier !== null) removeKnote(queue, earlier);
  const knote = createKnote();
  if (knote === null) return;
  knote.ident = record.ident;
  knote.filter = FILTER_AIO as i16;
  knote.flags = record.flags | EV_ONESHOT;
  knote.fflags = record.fflags;
  knote.data = record.data;
  knote.udata = record.udata;
  insertKnote(queue, knote);
  activate(queue, knote);
}

/** Applies what other threads posted. A trigger of a user event that is gone has no effect. */
function readPosts(queue: Queue): bool {
  const capacity = INPUT_SIZE / KEVENT_SIZE;
  let got = host.post_take(queue.epfd, input, capacity);
  while (got > 0) {
    for (let i = 0; i < got; i++) {
      const record = changetype<KeventRecord>(input + (i as usize) * KEVENT_SIZE);
      if (record.filter === FILTER_AIO) complete(queue, record);
      else if (record.filter === FILTER_USER) register(queue, record); // its thread waits for no error
    }
    got = host.post_take(queue.epfd, input, capacity);
  }
  return false;
}

onReadable(SOURCE_POSTS, readPosts);
onClose(SOURCE_POSTS, closePosts);
