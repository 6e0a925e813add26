// Random sequences of changes, reads, writes, closes and waits, compared with a model.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  kevent,
  type Kevent,
  kqueue,
  KQ_EV_ADD as ADD,
  KQ_EV_CLEAR as CLEAR,
  KQ_EV_DELETE as DELETE,
  KQ_EV_DISABLE as DISABLE,
  KQ_EV_DISPATCH as DISPATCH,
  KQ_EV_ENABLE as ENABLE,
  KQ_EV_ONESHOT as ONESHOT,
  KQ_EV_RECEIPT as RECEIPT,
  KQ_FILTER_READ as READ,
  KQ_FILTER_TIMER as TIMER,
  KQ_FILTER_USER as USER,
  KQ_NOTE_LOWAT,
} from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { randomOf } from "../support/hosts.ts";
import { FORCEONESHOT, KEEPUDATA, Model } from "./model.ts";
import { type Fields, fieldsOf } from "./support.ts";
import { HAS_KQUEUE, OBSERVES } from "../support/world.ts";

const PIPES = 6;
const IDENTS = 5;
/** Room for every event. With less room a call may return fewer events than fit, but at least one. */
const ENOUGH = 64;
const NEVER = 3_600_000;
/** Commands and properties, repeated by their frequency. */
const FLAGS = [
  ADD,
  ADD,
  ADD,
  ADD,
  ADD,
  0,
  0,
  DELETE,
  ENABLE,
  ENABLE,
  DISABLE,
  ADD | DISABLE,
  ADD | ENABLE,
  ADD | DELETE,
  ENABLE | DISABLE,
  KEEPUDATA,
  ADD | KEEPUDATA,
  FORCEONESHOT,
  FORCEONESHOT | ENABLE,
  FORCEONESHOT | ADD,
  FORCEONESHOT | DISABLE,
];
const PROPERTIES = [0, 0, 0, CLEAR, CLEAR, ONESHOT, DISPATCH, CLEAR | DISPATCH, RECEIPT, 0xf000];

const keyOf = ([ident, filter]: Fields): string => `${ident} ${filter}`;

function run(seed: number, steps: number): number {
  const random = randomOf(seed);
  const pick = <Item>(list: readonly Item[]): Item => list[random(list.length)] as Item;
  const model = new Model(HAS_KQUEUE);
  const queue = kqueue();
  const pipes = Array.from({ length: PIPES }, () => os.pipe());
  for (const [r] of pipes) model.bytes.set(r, 0);
  let reported = 0;
  const log: string[] = [];

  const newChange = (): Kevent => {
    const flags = pick(FLAGS) | pick(PROPERTIES);
    const udata = random(100);
    const filter = pick([READ, READ, USER, USER, TIMER]);
    if (filter === TIMER) return kevent(random(IDENTS), TIMER, flags, 0, NEVER, udata);
    if (filter === READ) {
      const fflags = random(4) === 0 ? KQ_NOTE_LOWAT : 0;
      return kevent(pick(pipes)[0], READ, flags, fflags, random(5) + 1, udata);
    }
    const fflags = (random(4) * 0x40000000 + random(2) * 0x01000000 + random(256)) >>> 0;
    return kevent(random(IDENTS), USER, flags, fflags, random(100) - 50, udata);
  };

  const waitExactly = (max: number): void => {
    const expected = model.scan(max);
    const found = queue.control(null, max, 0).map(fieldsOf);
    log.push(`wait ${max}: ${JSON.stringify(found)} of ${JSON.stringify(expected)}`);
    assert.equal(found, expected, log.slice(-30).join("\n"));
    reported += found.length;
  };

  const wait = (max: number): void => {
    if (HAS_KQUEUE) return waitExactly(max);
    const expected = model.ready();
    const repeats = OBSERVES ? model.repeats() : new Map<string, Fields>();
    const found = queue.control(null, max, 0).map(fieldsOf);
    log.push(`wait ${max}: ${JSON.stringify(found)} of ${JSON.stringify([...expected.values()])}`);
    const recent = log.slice(-30).join("\n");
    assert.is(new Set(found.map(keyOf)).size, found.length, recent);
    assert.ok(found.length <= max, recent);
    assert.ok(found.length > 0 || expected.size === 0, recent);
    for (const fields of found) {
      const key = keyOf(fields);
      assert.equal(fields, expected.get(key) ?? repeats.get(key), recent);
    }
    const owed = found.filter((fields) => expected.has(keyOf(fields)));
    if (max === ENOUGH) assert.is(owed.length, expected.size, recent);
    for (const fields of found) model.returned(keyOf(fields));
    reported += found.length;
  };

  for (let step = 0; step < steps; step++) {
    const action = random(20);
    if (action < 8) {
      const changes = Array.from({ length: random(3) + 1 }, newChange);
      log.push(`change ${changes.join(" ")}`);
      const expected = model.change(changes);
      if (expected.length === 0) {
        queue.control(changes, 0);
        if (action === 0) wait(ENOUGH);
      } else {
        const found = queue.control(changes, ENOUGH, 0).map(fieldsOf);
        assert.equal(found, expected, log.slice(-30).join("\n"));
      }
    } else if (action < 12) {
      const [r, w] = pick(pipes);
      const count = random(4) + 1;
      log.push(`write ${r} ${count}`);
      os.write(w, "x".repeat(count));
      model.write(r, count);
    } else if (action < 14) {
      const [r] = pick(pipes);
      const there = model.bytes.get(r) as number;
      const count = random(2) === 0 ? there : Math.min(there, random(4));
      log.push(`read ${r} ${count}`);
      if (count > 0) os.read(r, count);
      model.bytes.set(r, there - count);
    } else if (action === 14 && random(4) === 0) {
      const i = random(PIPES);
      const [r, w] = pipes[i] as [number, number];
      log.push(`close ${r}`);
      os.close(r);
      os.close(w);
      model.close(r);
      if (random(2) === 0) wait(ENOUGH);
      pipes[i] = os.pipe();
      model.bytes.set((pipes[i] as [number, number])[0], 0);
    } else {
      wait(pick([1, 2, 3, ENOUGH]));
    }
  }
  for (let i = 0; i < 3; i++) wait(ENOUGH);
  queue.close();
  for (const fd of pipes.flat()) os.close(fd);
  return reported;
}

for (let seed = 1; seed <= 40; seed++) {
  test(`4000 random steps, seed ${seed}`, () => {
    const reported = run(seed, 4000);
    assert.ok(reported > 300, `${reported} events`);
  });
}

test.run();
