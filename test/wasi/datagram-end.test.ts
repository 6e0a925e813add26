// createGuest: the end of a socket for datagrams. A host that cannot tell it lets a guest wait for ever.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import * as os from "../../bindings/node/os.ts";
import type { Scope } from "../support/descriptors.ts";
import { withGuest } from "./plain-guest.ts";

const AGAIN = 6;
const NONBLOCK = 4;

/** A UDP socket that is connected, which shutdown(2) wants. */
function connectedUdp(s: Scope): [fd: number] {
  const fd = s.own(os.socket(os.AF_INET, os.SOCK_DGRAM));
  os.bind(fd, ["127.0.0.1", 0]);
  os.connect(fd, os.getsockname(fd));
  os.set_blocking(fd, false);
  return [fd];
}

test(
  "a socket for datagrams that is shut down for reading is at its end",
  withGuest((make, s) => {
    for (const [a] of [s.socketpair(os.SOCK_DGRAM), connectedUdp(s)]) {
      const { call, read, recv } = make({ fds: [[4, a]] });
      assert.is(call("sock_shutdown", 4, 1), 0);
      assert.is(read(4, 8), "");
      assert.equal(recv(4, 0, 8), ["", 0]);
      assert.is(call("fd_fdstat_set_flags", 4, NONBLOCK), 0);
      assert.is(read(4, 8), AGAIN);
    }
  }),
);

test.run();
