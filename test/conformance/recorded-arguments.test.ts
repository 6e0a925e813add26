// Every kind of argument to every call, compared with the outcome in CPython
// (recordings/arguments.py).

import { readFileSync } from "node:fs";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { epoll, OSError, poll, select, ValueError } from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { DIFFERENCES, expectedOutcome, type Form, valueOf } from "../support/argument-values.ts";
import { errorText, masksOf } from "../fuzz/words.ts";

const [r, w] = os.pipe();
os.write(w, "x");

const countsOf = (ready: unknown[][]): string => ready.map(({ length }) => length).join("");

function polling(): ReturnType<typeof poll> {
  const made = poll();
  made.register(r, 1);
  return made;
}

/** Gives `use` an epoll with the pipe registered, and closes it. */
function epolling<Result>(use: (made: ReturnType<typeof epoll>) => Result): Result {
  const made = epoll();
  try {
    made.register(r, 1);
    return use(made);
  } finally {
    made.close();
  }
}

const CALLS: Record<string, (value: any) => unknown> = {
  select_timeout: (value) => countsOf(select([r], [], [], value)),
  select_list: (value) => countsOf(select(value, [], [], 0)),
  select_wlist: (value) => countsOf(select([r], value, [], 0)),
  select_xlist: (value) => countsOf(select([r], [], value, 0)),
  select_fd: (value) => countsOf(select([value], [], [], 0)),
  poll_timeout: (value) => masksOf(polling().poll(value)),
  poll_register_fd: (value) => polling().register(value),
  poll_modify_fd: (value) => polling().modify(value, 1),
  poll_unregister_fd: (value) => polling().unregister(value),
  poll_register_mask: (value) => {
    const made = polling();
    made.register(r, value);
    return masksOf(made.poll(0));
  },
  poll_modify_mask: (value) => {
    const made = polling();
    made.modify(r, value);
    return masksOf(made.poll(0));
  },
  epoll_timeout: (value) => epolling((made) => masksOf(made.poll(value))),
  epoll_maxevents: (value) => epolling((made) => masksOf(made.poll(0, value))),
  epoll_register_fd: (value) => epolling((made) => made.register(value)),
  epoll_modify_fd: (value) => epolling((made) => made.modify(value, 1)),
  epoll_unregister_fd: (value) => epolling((made) => made.unregister(value)),
  epoll_register_mask: (value) =>
    epolling((made) => {
      made.unregister(r);
      made.register(r, value);
      return masksOf(made.poll(0));
    }),
  epoll_modify_mask: (value) =>
    epolling((made) => {
      made.modify(r, value);
      return masksOf(made.poll(0));
    }),
  epoll_sizehint: (value) => epoll(value).close(),
  epoll_flags: (value) => epoll(-1, value).close(),
  epoll_fromfd: (value) => {
    const made = epoll.fromfd(value);
    try {
      return masksOf(made.poll(0));
    } finally {
      made.close();
    }
  },
};

const raised = (name: string): Error =>
  name === "OSError" ? new OSError("x", 5, "EIO") : new ValueError("v");

const url = new URL("../../../test/recordings/arguments.recorded.json", import.meta.url);
const cases = JSON.parse(readFileSync(url, "utf8")) as Array<[string, Form, string]>;

for (const [call, form, python] of cases) {
  test(`${call} of ${JSON.stringify(form)} as in CPython: ${python}`, () => {
    let outcome: unknown;
    try {
      outcome = (CALLS[call] as (value: unknown) => unknown)(valueOf(form, r, raised)) ?? "ok";
    } catch (error) {
      outcome = errorText(error);
    }
    assert.is(outcome, expectedOutcome(call, form, python));
  });
}

test("every listed difference occurs", () => {
  for (const { reason, applies } of DIFFERENCES) {
    const differing = cases.some(
      ([call, form, python]) =>
        applies(call, form) && expectedOutcome(call, form, python) !== python,
    );
    assert.ok(differing, reason);
  }
});

test.run();
