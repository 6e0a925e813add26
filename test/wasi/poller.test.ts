// poll(2) over the poll_oneoff of a runtime, here over omnipoll's own, on the descriptors of this host.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  EVENT_IN,
  EVENT_NVAL,
  EVENT_OUT,
  POLL_RECORD_FD,
  POLL_RECORD_READY,
  POLL_RECORD_SIZE,
  POLL_RECORD_WANT,
} from "../../asm/abi.ts";
import { host } from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { createPollOneoff, type OneoffOptions } from "../../wasi/oneoff.ts";
import { OneoffPoller, type PollOneoff } from "../../wasi/poller.ts";
import { scoped } from "../support/descriptors.ts";
import { closedNumber } from "../support/probes.ts";

const STREAM = 0;

/** A poller over the guest's call of this host. */
function pollerWith(badf: OneoffOptions["badf"]): { poller: OneoffPoller; calls: () => number } {
  let calls = 0;
  const poller: OneoffPoller = new OneoffPoller(
    (...given) => {
      calls++;
      return wait(...given);
    },
    () => host.now(),
    () => STREAM,
  );
  const wait: PollOneoff = createPollOneoff({
    select: { host },
    memory: () => poller.memory,
    fds: (fd) => fd,
    ...(badf !== undefined && { badf }),
  });
  return { poller, calls: () => calls };
}

/** The result of poll(2) of `[fd, want]`, and the ready mask of each. */
function poll(
  poller: OneoffPoller,
  asked: ReadonlyArray<readonly [fd: number, want: number]>,
  timeoutMs: number,
): [number, ...number[]] {
  const records = new DataView(new ArrayBuffer(asked.length * POLL_RECORD_SIZE));
  asked.forEach(([fd, want], i) => {
    records.setInt32(i * POLL_RECORD_SIZE + POLL_RECORD_FD, fd, true);
    records.setUint16(i * POLL_RECORD_SIZE + POLL_RECORD_WANT, want, true);
    // What an earlier call left.
    records.setUint16(i * POLL_RECORD_SIZE + POLL_RECORD_READY, 0xffff, true);
  });
  const found = poller.poll(() => records, asked.length, timeoutMs);
  const masks = asked.map((_, i) =>
    records.getUint16(i * POLL_RECORD_SIZE + POLL_RECORD_READY, true),
  );
  return [found, ...masks];
}

for (const badf of ["event", "call"] as const) {
  test(
    `a closed descriptor is NVAL beside others, where the runtime fails the ${badf}`,
    scoped((s) => {
      const { poller } = pollerWith(badf);
      const [r, w] = s.pipe();
      const [empty] = s.pipe();
      os.write(w, "x");
      const closed = closedNumber();
      const asked = [
        [r, EVENT_IN],
        [closed, EVENT_IN],
        [empty, EVENT_IN],
        [closed, EVENT_OUT],
        [w, EVENT_OUT],
        [-1, EVENT_IN],
      ] as const;
      const expected = [4, EVENT_IN, EVENT_NVAL, 0, EVENT_NVAL, EVENT_OUT, 0] as const;
      // NVAL ends a wait at once, whatever its timeout.
      for (const timeout of [0, 60_000, -1]) assert.equal(poll(poller, asked, timeout), expected);
    }),
  );
}

test(
  "a closed descriptor that asks for nothing is found, too",
  scoped((s) => {
    const { poller } = pollerWith("call");
    const [r] = s.pipe();
    const closed = closedNumber();
    assert.equal(
      poll(
        poller,
        [
          [r, EVENT_IN],
          [closed, 0],
        ],
        -1,
      ),
      [1, 0, EVENT_NVAL],
    );
  }),
);

test(
  "without a closed descriptor nothing is asked twice",
  scoped((s) => {
    const { poller, calls } = pollerWith("call");
    const [, w] = s.pipe();
    assert.equal(poll(poller, [[w, EVENT_OUT]], -1), [1, EVENT_OUT]);
    assert.is(calls(), 1);
  }),
);

test.run();
