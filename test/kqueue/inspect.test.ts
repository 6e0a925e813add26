// inspect() of a queue: the knotes, the active list and, where the core translates, its sources.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  kevent,
  KQ_EV_ADD as ADD,
  KQ_EV_CLEAR as CLEAR,
  KQ_EV_DISABLE as DISABLE,
  KQ_FILTER_TIMER as TIMER,
  KQ_FILTER_WRITE as WRITE,
  KQ_NOTE_SECONDS,
} from "../../bindings/node/select.ts";
import { scoped } from "../support/descriptors.ts";
import { change, newQueue, trigger, user } from "./support.ts";
import { HAS_KQUEUE } from "../support/world.ts";

test(
  "knotes with their flags, and the active list",
  scoped((scope) => {
    const queue = newQueue(scope);
    const [r, w] = scope.pipe();
    change(
      queue,
      kevent(r),
      kevent(w, WRITE, ADD | DISABLE),
      kevent(7, TIMER, ADD, KQ_NOTE_SECONDS, 1000, 5),
      user(1, ADD | CLEAR),
      user(2, ADD),
      trigger(2),
    );
    const { api, fd, keptBy, registrations, ready, sources } = queue.inspect();
    assert.is(api, "kqueue");
    assert.is(fd, queue.fileno());
    assert.is(keptBy, HAS_KQUEUE ? "kernel" : "core");
    const seen = registrations.map(({ ident, filter, flagNames, disabled, knote }) =>
      [filter, ident, flagNames.join("|"), disabled, knote?.active, knote?.udata].join(" "),
    );
    assert.equal(seen.toSorted(), [
      `READ ${r}  false false 0`,
      "TIMER 7 CLEAR false false 5",
      "USER 1 CLEAR false false 0",
      "USER 2  false true 0",
      `WRITE ${w}  true false 0`,
    ]);
    const timer = registrations.find(({ filter }) => filter === "TIMER");
    assert.equal(timer?.knote?.asked, {
      fflags: KQ_NOTE_SECONDS,
      noteNames: ["SECONDS"],
      data: 1000,
    });
    assert.equal(
      ready?.map((index) => registrations[index]?.ident),
      [2],
    );
    assert.is(sources.length > 0, !HAS_KQUEUE);
    assert.equal(queue.inspect(), { api, fd, keptBy, registrations, ready, sources });
  }),
);

test(
  "as many knotes and sources as there are",
  scoped((scope) => {
    const queue = newQueue(scope);
    assert.equal(queue.inspect().registrations, []);
    for (let i = 0; i < 300; i++) change(queue, user(i, ADD), trigger(i));
    const { registrations, ready } = queue.inspect();
    assert.is(registrations.length, 300);
    assert.equal(
      ready?.map((index) => registrations[index]?.ident),
      Array.from({ length: 300 }, (_, i) => i),
    );
  }),
);

test.run();
