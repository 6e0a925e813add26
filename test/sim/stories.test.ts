// The stories of examples/sim-stories.ts: each prints the behaviour that it is about.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { createSim } from "../../bindings/node/sim.ts";
import { clearOrDispatch, ghost, starvation, tell } from "../../examples/sim-stories.ts";

/** The output of a story. */
function told(story: typeof ghost): string[] {
  const lines: string[] = [];
  story(createSim(), (line) => lines.push(line));
  return lines;
}

test("edge triggering: unread data is not reported again", () => {
  assert.equal(told(starvation), [
    "an edge: [[3,1]]",
    "half is read: 3 bytes; 9 are left",
    "and the next wait, of a second, has nothing: []",
    "until the writer writes again: [[3,1]]",
  ]);
});

test("a duplicate keeps a closed descriptor in an epoll", () => {
  assert.equal(told(ghost), [
    "descriptor 3 is closed, and reported: [[3,1]]",
    "it cannot be unregistered: [Errno 9] EBADF: Bad file descriptor (epoll_ctl, fd 3)",
    "only closing the copy ends it: []",
  ]);
});

test("EV_CLEAR against EV_DISPATCH", () => {
  assert.equal(told(clearOrDispatch), [
    "EV_CLEAR: 3 bytes come: 3; asked again: -",
    "EV_CLEAR: 2 more come: 5",
    "EV_CLEAR: after EV_ENABLE: 5",
    "EV_DISPATCH: 3 bytes come: 3; asked again: -",
    "EV_DISPATCH: 2 more come: -",
    "EV_DISPATCH: after EV_ENABLE: 5",
  ]);
});

test("the same story has the same trace every time", () => {
  const traces = [0, 1].map(() => {
    const lines: string[] = [];
    tell(createSim, (line) => lines.push(line));
    return lines;
  });
  assert.equal(traces[0], traces[1]);
  assert.ok((traces[0] as string[]).some((line) => line.includes("epoll_wait(")));
});

test.run();
