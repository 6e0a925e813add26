// EVFILT_SIGNAL: a descriptor of the host counts the deliveries of a signal.

import { EINVAL, EV_CLEAR, FILTER_SIGNAL } from "../../abi";
import * as host from "../../host";
import { addFilter, touchKnote } from "../filter";
import { assertKnote, Knote } from "../knote";
import { activate, Queue } from "../queue";
import { input } from "../scratch";
import { addKnoteSource, removeKnoteSource } from "../source";

@unmanaged
class SignalKnote extends Knote {
  /** The counter of the signal, or -1. */
  fd: i32;
}

assertKnote<SignalKnote>();

/** filt_sigattach. A number that is no signal is accepted and never fires. */
function attach(queue: Queue, made: Knote): i32 {
  const knote = changetype<SignalKnote>(made);
  knote.fd = -1;
  knote.flags |= EV_CLEAR;
  const signal = knote.ident > 0x7fffffff ? -1 : (knote.ident as i32);
  const fd = host.signal_open(signal);
  if (fd === -EINVAL) return 0;
  if (fd < 0) return fd;
  const added = addKnoteSource(queue, fd, knote);
  if (added < 0) host.signal_close(fd);
  else knote.fd = fd;
  return added;
}

function detach(queue: Queue, made: Knote): i32 {
  const knote = changetype<SignalKnote>(made);
  if (knote.fd < 0) return 0;
  removeKnoteSource(queue, knote.fd);
  host.signal_close(knote.fd);
  knote.fd = -1;
  return 0;
}

/** filt_signal: `data` counts the deliveries. */
function event(_queue: Queue, knote: Knote): i32 {
  return knote.data !== 0 ? 1 : 0;
}

/** Counts what was delivered since the last read. */
function readCounter(queue: Queue, knote: Knote): void {
  if (host.read(changetype<SignalKnote>(knote).fd, input, 8) !== 8) return;
  knote.data += load<i64>(input);
  activate(queue, knote);
}

addFilter(FILTER_SIGNAL, attach, detach, touchKnote, event).readSource = readCounter;
