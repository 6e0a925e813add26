// Epolls over kqueue.

import { ENOSYS } from "../abi";
import { EpollSet, Item } from "./item";

/** Tells the kernel of an item, or that it was modified. 0 or a negative errno. */
export function arm(_set: EpollSet, _item: Item, _isModified: bool): i32 {
  return 0;
}

/** Tells the kernel to forget an item. */
export function disarm(_set: EpollSet, _item: Item): void {}

export function waitOverKqueue(_epfd: i32, _ready: usize, _capacity: i32, _timeoutMs: f64): i32 {
  return -ENOSYS;
}
