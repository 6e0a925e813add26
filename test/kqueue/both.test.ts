// EVFILT_READ and EVFILT_WRITE of one descriptor, against a model.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  KQ_EV_CLEAR,
  KQ_EV_DISABLE,
  KQ_EV_DISPATCH,
  KQ_EV_ENABLE,
  KQ_EV_ONESHOT,
  KQ_FILTER_READ,
  KQ_FILTER_WRITE,
} from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { scoped } from "../support/descriptors.ts";
import { add, command, newQueue, remove, take } from "./filters.ts";
import { HAS_KQUEUE } from "../support/world.ts";

/** A knote of the model below. */
interface Model {
  flags: number;
  enabled: boolean;
  /** EV_CLEAR: something has happened since the last report. */
  pending: boolean;
  /** EV_ONESHOT in FreeBSD: whether the knote has fired, and the bytes at its last test. */
  active: boolean;
  found: number;
}

/** The state in which a knote begins. */
const fresh = { pending: true, active: false, found: 0 };

/** A generator of numbers below `limit`, the same for the same seed. */
function generator(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >>> 8) % limit;
  };
}

const MODES = [0, KQ_EV_CLEAR, KQ_EV_ONESHOT, KQ_EV_DISPATCH, KQ_EV_CLEAR | KQ_EV_DISPATCH];

for (let seed = 1; seed <= 6; seed++) {
  test(
    `EMU-01: READ and WRITE of one descriptor do not disturb each other, seed ${seed}`,
    scoped((scope) => {
      const random = generator(seed * 7919);
      const queue = newQueue(scope);
      const [a, b] = scope.socketpair();
      const knotes = new Map<number, Model>();
      let unread = 0;
      const log: string[] = [];
      const step = (text: string): void => void log.push(text);
      /** A change tests whether the knote's condition holds. */
      const testKnote = (model: Model, filter: number): void => {
        if (!model.enabled) return;
        model.found = unread;
        if (filter === KQ_FILTER_WRITE || unread > 0) model.active = true;
      };

      for (let i = 0; i < 400; i++) {
        const filter = random(2) === 0 ? KQ_FILTER_READ : KQ_FILTER_WRITE;
        const knote = knotes.get(filter);
        switch (random(9)) {
          case 0:
          case 1: {
            const flags = MODES[random(MODES.length)] as number;
            const disable = random(5) === 0;
            step(`add ${filter} ${flags} ${disable}`);
            add(queue, a, filter, flags | (disable ? KQ_EV_DISABLE : 0));
            // The flags of a knote stay as they were; adding once more does not enable the knote.
            if (knote === undefined) knotes.set(filter, { ...fresh, flags, enabled: !disable });
            else {
              knote.pending = true;
              if (disable) knote.enabled = false;
            }
            testKnote(knotes.get(filter) as Model, filter);
            break;
          }
          case 2:
            step(`delete ${filter}`);
            if (knote !== undefined) remove(queue, a, filter);
            knotes.delete(filter);
            break;
          case 3:
          case 4: {
            const flag = random(3) === 0 ? KQ_EV_DISABLE : KQ_EV_ENABLE;
            step(`command ${filter} ${flag}`);
            if (knote === undefined) break;
            command(queue, a, filter, flag);
            knote.enabled = flag === KQ_EV_ENABLE;
            knote.pending = true;
            testKnote(knote, filter);
            break;
          }
          case 5:
            step("send");
            if (unread > 20) break;
            os.write(b, "x");
            unread++;
            setPending(knotes, KQ_FILTER_READ, unread);
            break;
          case 6:
            step("receive");
            if (unread > 0) os.read(a, unread);
            unread = 0;
            break;
          default: {
            step("take");
            const expected: string[] = [];
            for (const [one, model] of knotes) {
              // FreeBSD does not test a one-shot knote again: the event has the data of the first test.
              const isOld = HAS_KQUEUE && (model.flags & KQ_EV_ONESHOT) !== 0;
              const bytes = isOld ? model.found : unread;
              const holds = isOld ? model.active : one === KQ_FILTER_WRITE || unread > 0;
              if (!model.enabled || !holds) continue;
              if ((model.flags & KQ_EV_CLEAR) !== 0 && !model.pending) continue;
              expected.push(`${one} ${model.flags} ${one === KQ_FILTER_READ ? bytes : "room"}`);
              model.pending = false;
              if ((model.flags & KQ_EV_DISPATCH) !== 0) model.enabled = false;
              if ((model.flags & KQ_EV_ONESHOT) !== 0) knotes.delete(one);
            }
            const actual = take(queue).map(
              ([, one, flags, , data]) =>
                `${one} ${flags} ${one === KQ_FILTER_READ ? data : "room"}`,
            );
            assert.equal(actual.toSorted(), expected.toSorted(), log.join("\n"));
          }
        }
      }
    }),
  );
}

function setPending(knotes: Map<number, Model>, filter: number, found: number): void {
  const knote = knotes.get(filter);
  if (knote === undefined) return;
  knote.pending = true;
  knote.found = found;
  knote.active = true;
}

test.run();
