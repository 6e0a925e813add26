// EVFILT_NETDEV: link state of a network interface, by its index. FreeBSD dropped the filter with
// version 10; this is filt_netdev as it was.

import {
  ENODEV,
  EV_EOF,
  EV_ONESHOT,
  FILTER_NETDEV,
  NOTE_LINKDOWN,
  NOTE_LINKINV,
  NOTE_LINKUP,
} from "../../abi";
import * as host from "../../host";
import { addFilter, touchKnote } from "../filter";
import { assertKnote, Knote, ListedKnote } from "../knote";
import { activate, interfacesOf, lastOf, list, Queue, unlist } from "../queue";
import { ENOBUFS, input, INPUT_SIZE } from "../scratch";
import { addSource, onReadable, SOURCE_RTNETLINK, sourceFd } from "../source";

const IFF_LOWER_UP: u32 = 0x10000;
const RTM_NEWLINK: u32 = 16;
const RTM_DELLINK: u32 = 17;

// struct nlmsghdr and struct ifinfomsg.
const MESSAGE_TYPE = 4;
const LINK_INDEX = 20;
const LINK_FLAGS = 24;
const LINK_END = 32;

/** The last state of an interface: its NOTE_*. */
@unmanaged
class NetdevKnote extends ListedKnote {
  state: u32;
}

assertKnote<NetdevKnote>();

function stateOf(flags: i32): u32 {
  return flags & IFF_LOWER_UP ? NOTE_LINKUP : NOTE_LINKDOWN;
}

/** f_attach. -ENODEV for an index without an interface. */
function attach(queue: Queue, made: Knote): i32 {
  const knote = changetype<NetdevKnote>(made);
  if (knote.ident === 0 || knote.ident > 0x7fffffff) return -ENODEV;
  if (sourceFd(queue, SOURCE_RTNETLINK) < 0) {
    const added = addSource(queue, SOURCE_RTNETLINK, host.link_listen());
    if (added < 0) return added;
  }
  const flags = host.link_flags(knote.ident as i32);
  if (flags < 0) return flags;
  knote.state = stateOf(flags);
  list(interfacesOf(queue), knote);
  return 0;
}

function detach(queue: Queue, knote: Knote): i32 {
  unlist(interfacesOf(queue), changetype<NetdevKnote>(knote));
  return 0;
}

function event(_queue: Queue, knote: Knote): i32 {
  return knote.fflags !== 0 || (knote.flags & EV_EOF) !== 0 ? 1 : 0;
}

/** An interface is in the state that a note says. */
function noteState(queue: Queue, index: i32, note: u32): void {
  let knote = changetype<NetdevKnote | null>(lastOf(interfacesOf(queue)));
  while (knote !== null) {
    if (knote.ident === (index as u64) && knote.state !== note) {
      knote.state = note;
      knote.data = note;
      if (knote.sfflags & note) knote.fflags |= note;
      // The last event, asked for or not.
      if (note === NOTE_LINKINV) knote.flags |= EV_EOF | EV_ONESHOT;
      if (knote.fflags !== 0 || note === NOTE_LINKINV) activate(queue, knote);
    }
    knote = changetype<NetdevKnote | null>(knote.listedBefore);
  }
}

/** rtnetlink lost messages: asks how the interfaces are now. */
function recoverStates(queue: Queue): void {
  let knote = changetype<NetdevKnote | null>(lastOf(interfacesOf(queue)));
  while (knote !== null) {
    const index = knote.ident as i32;
    knote = changetype<NetdevKnote | null>(knote.listedBefore);
    const flags = host.link_flags(index);
    if (flags >= 0) noteState(queue, index, stateOf(flags));
    else if (flags === -ENODEV) noteState(queue, index, NOTE_LINKINV);
  }
}

/** Takes the messages of one datagram, up to `end`. */
function parseMessages(queue: Queue, end: usize): void {
  let at: usize = input;
  while (at + LINK_END <= end) {
    const length = load<u32>(at);
    const type: u32 = load<u16>(at + MESSAGE_TYPE);
    const index = load<i32>(at + LINK_INDEX);
    if (type === RTM_DELLINK) noteState(queue, index, NOTE_LINKINV);
    else if (type === RTM_NEWLINK) noteState(queue, index, stateOf(load<i32>(at + LINK_FLAGS)));
    at += max((length + 3) & ~3, LINK_END);
  }
}

function readLinks(queue: Queue): bool {
  const fd = sourceFd(queue, SOURCE_RTNETLINK);
  let isLost = false;
  let got = host.netlink_read(fd, input, INPUT_SIZE);
  while (got > 0 || got === -ENOBUFS) {
    if (got === -ENOBUFS) isLost = true;
    else parseMessages(queue, input + got);
    got = host.netlink_read(fd, input, INPUT_SIZE);
  }
  // Last: the messages that were lost are newer than those that were kept.
  if (isLost) recoverStates(queue);
  return false;
}

function catchUp(queue: Queue): void {
  if (sourceFd(queue, SOURCE_RTNETLINK) >= 0) readLinks(queue);
}

onReadable(SOURCE_RTNETLINK, readLinks);
addFilter(FILTER_NETDEV, attach, detach, touchKnote, event).catchUp = catchUp;
