// EVFILT_WRITE of sockets that connect, or fail to.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  BlockingIOError,
  KQ_EV_CLEAR,
  KQ_EV_DISPATCH,
  KQ_EV_EOF,
  KQ_FILTER_READ,
  KQ_FILTER_WRITE,
} from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { scoped } from "../support/descriptors.ts";
import { add, assertNoEvents, newQueue, remove, take } from "./filters.ts";
import { newRefused } from "../support/probes.ts";
import { throws } from "../support/expect.ts";

const { SO_ERROR, SOL_SOCKET } = os;
const ECONNREFUSED = 111;

for (const filter of [KQ_FILTER_READ, KQ_FILTER_WRITE]) {
  test(
    `KQ-139: a refused connection is EV_EOF with ECONNREFUSED, filter ${filter}`,
    scoped((scope) => {
      const queue = newQueue(scope);
      const fd = scope.own(newRefused());
      add(queue, fd, filter);
      const report = () => take(queue, 1).map(([, , flags, fflags]) => [flags, fflags]);
      assert.equal(report(), [[KQ_EV_EOF, ECONNREFUSED]]);
      assert.equal(report(), [[KQ_EV_EOF, ECONNREFUSED]]);
      assert.is(os.getsockopt(fd, SOL_SOCKET, SO_ERROR), ECONNREFUSED);
      assert.equal(report(), [[KQ_EV_EOF, 0]]);
    }),
  );
}

test(
  "KQ-139: a socket registered before it connects has no event, and no busy wait, until the answer",
  scoped((scope) => {
    const queue = newQueue(scope);
    const listener = scope.listener();
    const [good, bad] = [scope.socket(), scope.socket()];
    add(queue, good, KQ_FILTER_WRITE);
    add(queue, bad, KQ_FILTER_WRITE);
    assertNoEvents(queue);
    throws(() => os.connect(good, os.getsockname(listener)), BlockingIOError, "EINPROGRESS");
    const [, port] = os.getsockname(listener) as [string, number];
    assert.equal(
      take(queue, 1).map(([ident, , flags, fflags]) => [ident, flags, fflags]),
      [[good, 0, 0]],
    );
    remove(queue, good, KQ_FILTER_WRITE);
    scope.close(listener);
    throws(() => os.connect(bad, ["127.0.0.1", port]), BlockingIOError, "EINPROGRESS");
    assert.equal(
      take(queue, 1).map(([ident, , flags, fflags]) => [ident, flags, fflags]),
      [[bad, KQ_EV_EOF, ECONNREFUSED]],
    );
  }),
);

test(
  "the connection of a Unix socket is reported, although the kernel does not wake for it",
  scoped((scope) => {
    const path = `\0omnipoll-kq-write-${process.pid}`;
    const listener = scope.own(os.socket(os.AF_UNIX, os.SOCK_STREAM));
    os.bind(listener, path);
    os.listen(listener, 4);
    for (const flags of [0, KQ_EV_CLEAR, KQ_EV_DISPATCH]) {
      const queue = newQueue(scope);
      const fd = scope.own(os.socket(os.AF_UNIX, os.SOCK_STREAM));
      add(queue, fd, KQ_FILTER_WRITE, flags);
      assertNoEvents(queue);
      os.connect(fd, path);
      assert.equal(
        take(queue, 1).map(([ident]) => ident),
        [fd],
      );
    }
  }),
);

test.run();
