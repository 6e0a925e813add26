// A harvest may leave events in the kernel. The wait then asks the kernel again, also where an inner
// queue was harvested in between.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  kevent,
  KQ_EV_ADD as ADD,
  KQ_EV_DISABLE as DISABLE,
  KQ_FILTER_READ as READ,
  KQ_NOTE_LOWAT,
} from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { scoped } from "../support/descriptors.ts";
import { change, newQueue } from "./support.ts";

/** The least capacity of the core's waits in the kernel. */
const ROOM = 1024;

for (const hasInner of [false, true]) {
  const where = hasInner ? "with an inner queue" : "without";
  test(
    `an event behind ${ROOM} below their low-water mark, ${where}`,
    scoped((scope) => {
      const outer = newQueue(scope);
      for (let i = hasInner ? 1 : 0; i < ROOM; i++) {
        const [r, w] = scope.socketpair();
        os.write(w, "x");
        change(outer, kevent(r, READ, ADD, KQ_NOTE_LOWAT, 2));
      }
      if (hasInner) {
        const inner = newQueue(scope);
        const [r, w] = scope.pipe();
        // The hang-up of a disabled knote makes the inner queue readable, and is no event.
        change(inner, kevent(r, READ, ADD | DISABLE));
        change(outer, kevent(inner.fileno(), READ, ADD));
        os.close(w);
      }
      const [r, w] = scope.pipe();
      os.write(w, "y");
      change(outer, kevent(r));
      const ready = (): unknown[] => outer.control(null, 10, 0).map(({ ident }) => ident);
      assert.equal(ready(), [r]);
      assert.equal(ready(), [r]);
    }),
  );
}

test.run();
