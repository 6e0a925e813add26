// Shared by the tests of epolls.

import * as assert from "uvu/assert";
import type { Epoll } from "../../bindings/node/select.ts";

/** Values that are no numbers to any call. */
export const NO_NUMBERS: any[] = ["1", [], new Date(0), Symbol("1"), () => 1];

/** Asserts that an epoll reports this event, and no other, and reports it once. */
export function assertOnce(e: Epoll, fd: number, mask: number, timeout = 0): void {
  assert.equal(e.poll(timeout), [[fd, mask]]);
  assert.equal(e.poll(0), []);
}
