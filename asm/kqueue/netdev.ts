// EVFILT_NETDEV: link state of a network interface, by its index. FreeBSD dropped the filter with
// version 10; this is how it was (filt_netdev).

import { ENODEV, EV_EOF, EV_ONESHOT, NOTE_LINKDOWN, NOTE_LINKINV, NOTE_LINKUP } from "../abi";
import * as host from "../host";
import { Knote } from "./knote";
import { activate, addSource, Queue } from "./queue";
import { input, INPUT_SIZE } from "./scratch";

const IFF_LOWER_UP: u32 = 0x10000;
/** Some messages were lost, the rest follows. */
const ENOBUFS = 105;
const RTM_NEWLINK: u32 = 16;
const RTM_DELLINK: u32 = 17;

// struct nlmsghdr and struct ifinfomsg.
const MESSAGE_TYPE = 4;
const LINK_INDEX = 20;
const LINK_FLAGS = 24;
const LINK_END = 32;

/** f_attach. ENODEV for an index without an interface. */
export function attachLink(queue: Queue, knote: Knote): i32 {
  if (knote.ident === 0 || knote.ident > 0x7fffffff) return -ENODEV;
  if (queue.rtnetlink < 0) {
    const rtnetlink = addSource(queue, host.link_listen());
    if (rtnetlink < 0) return rtnetlink;
    queue.rtnetlink = rtnetlink;
  }
  const flags = host.link_flags(knote.ident as i32);
  if (flags < 0) return flags;
  knote.source = flags & IFF_LOWER_UP ? 1 : 0;
  knote.listed = queue.links;
  queue.links = knote;
  return 0;
}

/** f_detach. */
export function detachLink(queue: Queue, knote: Knote): void {
  if (queue.links === knote) {
    queue.links = knote.listed;
    return;
  }
  let other: Knote | null = queue.links;
  while (other !== null && other.listed !== knote) other = other.listed;
  if (other !== null) other.listed = knote.listed;
}

function changed(queue: Queue, index: i32, note: u32): void {
  const state = note === NOTE_LINKUP ? 1 : note === NOTE_LINKDOWN ? 0 : -1;
  let knote = queue.links;
  while (knote !== null) {
    if (knote.ident === (index as u64) && knote.source !== state) {
      knote.source = state;
      knote.data = note;
      if (knote.sfflags & note) knote.fflags |= note;
      // The last event, asked for or not.
      if (note === NOTE_LINKINV) knote.flags |= EV_EOF | EV_ONESHOT;
      if (knote.fflags !== 0 || note === NOTE_LINKINV) activate(queue, knote);
    }
    knote = knote.listed;
  }
}

/** Messages were lost: asks how the interfaces are now. */
function overrun(queue: Queue): void {
  let knote = queue.links;
  while (knote !== null) {
    const index = knote.ident as i32;
    knote = knote.listed;
    const flags = host.link_flags(index);
    if (flags >= 0) changed(queue, index, flags & IFF_LOWER_UP ? NOTE_LINKUP : NOTE_LINKDOWN);
    else if (flags === -ENODEV) changed(queue, index, NOTE_LINKINV);
  }
}

/** Reads what changed. */
export function readLinks(queue: Queue): void {
  let lost = false;
  let got = host.netlink_read(queue.rtnetlink, input, INPUT_SIZE);
  while (got > 0 || got === -ENOBUFS) {
    if (got === -ENOBUFS) lost = true;
    else sort(queue, input + got);
    got = host.netlink_read(queue.rtnetlink, input, INPUT_SIZE);
  }
  // Last: what was lost is newer than what was kept.
  if (lost) overrun(queue);
}

/** Takes the messages of one datagram, up to `end`. */
function sort(queue: Queue, end: usize): void {
  let at: usize = input;
  while (at + LINK_END <= end) {
    const length = load<u32>(at);
    const type: u32 = load<u16>(at + MESSAGE_TYPE);
    const index = load<i32>(at + LINK_INDEX);
    if (type === RTM_DELLINK) {
      changed(queue, index, NOTE_LINKINV);
    } else if (type === RTM_NEWLINK) {
      const up = (load<u32>(at + LINK_FLAGS) & IFF_LOWER_UP) !== 0;
      changed(queue, index, up ? NOTE_LINKUP : NOTE_LINKDOWN);
    }
    at += max((length + 3) & ~3, LINK_END);
  }
}
