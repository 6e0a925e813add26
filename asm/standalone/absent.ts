// The calls of the waist that WASI has nothing for, written from host/calls.ts by host/calls-docs.ts: do not
// edit.

import { ENOSYS } from "../abi";

export function epoll_create1(_flags: i32): i32 {
  return -ENOSYS;
}

export function epoll_ctl(_epfd: i32, _op: i32, _fd: i32, _mask: u32): i32 {
  return -ENOSYS;
}

export function epoll_wait(_epfd: i32, _ready: usize, _capacity: i32, _timeoutMs: f64): i32 {
  return -ENOSYS;
}

export function kqueue(): i32 {
  return -ENOSYS;
}

export function kevent(
  _kq: i32,
  _changes: usize,
  _nchanges: i32,
  _events: usize,
  _capacity: i32,
  _timeoutMs: f64,
): i32 {
  return -ENOSYS;
}

export function dup3(_oldfd: i32, _newfd: i32): i32 {
  return -ENOSYS;
}

export function post_open(_queue: i32): i32 {
  return -ENOSYS;
}

export function post_close(_queue: i32): i32 {
  return -ENOSYS;
}

export function post(_queue: i32, _address: usize): i32 {
  return -ENOSYS;
}

export function post_take(_queue: i32, _address: usize, _capacity: i32): i32 {
  return -ENOSYS;
}

export function timerfd_create(): i32 {
  return -ENOSYS;
}

export function timerfd_settime(_fd: i32, _deadlineMs: f64): i32 {
  return -ENOSYS;
}

export function pidfd_open(_pid: i32): i32 {
  return -ENOSYS;
}

export function proc_status(_pidfd: i32, _pid: i32): i32 {
  return -ENOSYS;
}

export function proc_listen(): i32 {
  return -ENOSYS;
}

export function link_listen(): i32 {
  return -ENOSYS;
}

export function link_flags(_index: i32): i32 {
  return -ENOSYS;
}

export function netlink_read(_fd: i32, _address: usize, _length: i32): i32 {
  return -ENOSYS;
}

export function signal_open(_signal: i32): i32 {
  return -ENOSYS;
}

export function signal_close(_fd: i32): i32 {
  return -ENOSYS;
}

export function inotify_init(): i32 {
  return -ENOSYS;
}

export function inotify_add_watch(_inotify: i32, _fd: i32, _parent: i32, _mask: u32): i32 {
  return -ENOSYS;
}

export function inotify_rm_watch(_inotify: i32, _watch: i32): i32 {
  return -ENOSYS;
}
