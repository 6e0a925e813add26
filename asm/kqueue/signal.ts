// EVFILT_SIGNAL: a descriptor of the host counts the deliveries of the signal.

import { EINVAL, ENOMEM, EV_CLEAR } from "../abi";
import * as host from "../host";
import { Knote } from "./knote";
import { activate, enterSource, nameSource, Queue, removeSource, unnameSource } from "./queue";
import { input } from "./scratch";

/** f_attach. A number that is no signal is accepted, and never comes (FreeBSD). */
export function attachSignal(queue: Queue, knote: Knote): i32 {
  knote.flags |= EV_CLEAR;
  const signal = knote.ident > 0x7fffffff ? -1 : (knote.ident as i32);
  const fd = host.signal_open(signal);
  if (fd === -EINVAL) return 0;
  if (fd < 0) return fd;
  const entered = enterSource(queue, fd);
  if (entered < 0) {
    host.signal_close(fd);
    return entered;
  }
  knote.source = fd;
  if (nameSource(queue, fd, knote)) return 0;
  detachSignal(queue, knote);
  return -ENOMEM;
}

/** f_detach. */
export function detachSignal(queue: Queue, knote: Knote): void {
  if (knote.source < 0) return;
  unnameSource(queue, knote.source);
  removeSource(queue, knote.source);
  host.signal_close(knote.source);
  knote.source = -1;
}

/** Counts what has come since. */
export function readSignal(queue: Queue, knote: Knote): void {
  if (host.read(knote.source, input, 8) !== 8) return;
  knote.data += load<i64>(input);
  activate(queue, knote);
}
