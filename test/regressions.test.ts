// Defects that were found once, each with the smallest program that shows it.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { EINVAL, EVENT_IN } from "../asm/abi.ts";
import { createSelectModule } from "../bindings/host.ts";
import { hostWith } from "./hosts.ts";

test("gaps in a poll object do not count against the limit of descriptors", () => {
  // poll(2) is EINVAL for more records than RLIMIT_NOFILE, those it skips included.
  const asked: number[] = [];
  const limit = 100;
  const select = createSelectModule(
    hostWith({
      poll: (_memory, _records, count) => (asked.push(count), count > limit ? -EINVAL : 0),
    }),
  );
  const p = select.poll();
  for (let fd = 0; fd < 110; fd++) p.register(fd, EVENT_IN);
  for (let fd = 0; fd < 20; fd++) p.unregister(fd);
  assert.equal(p.poll(0), []);
  assert.equal(asked, [110, 90]);
  for (let fd = 0; fd < 20; fd++) p.register(fd, EVENT_IN);
  assert.throws(() => p.poll(0), /EINVAL/);
});

test.run();
