// omnipoll doctor: text and JSON come from one list of checks.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { type Check, check, packageCheck, type Subject } from "../../bindings/cli/doctor/check.ts";
import { CHECKS } from "../../bindings/cli/doctor/checks.ts";
import { examine } from "../../bindings/cli/doctor/doctor.ts";
import * as omnipoll from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";

const subject: Subject = { version: "1.2.3", wanted: null, loaded: { omnipoll, os } };
const unloaded: Subject = { ...subject, loaded: undefined };

/** Names of the lines of a report. */
const namesOf = (text: string): string[] =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => line.split(" ")[0] as string);

/** A check that blames its finding. */
const bad = (name: string): Check =>
  check(
    name,
    () => ({ [name]: 1 }),
    () => "bad",
    () => `${name} is bad`,
  );

/** A check whose facts are in one place with those of others. */
const part = (name: string): Check =>
  check(
    name,
    () => ({ parts: { [name]: true } }),
    () => "",
  );

test("one entry of the list adds a line, and a part of the JSON object", () => {
  const added = check(
    "moon",
    () => ({ moon: "full" }),
    ({ moon }) => `is ${moon}`,
  );
  const before = examine(CHECKS, subject);
  const { text, facts } = examine([...CHECKS, added], subject);
  assert.is(text, `${before.text}moon       is full\n`);
  assert.equal(facts, { ...before.facts, moon: "full" });
});

test("the lines are in the order of the list, and every name is there once", () => {
  const names = CHECKS.map(({ name }) => name);
  assert.is(new Set(names).size, names.length);
  const lines = namesOf(examine(CHECKS, subject).text);
  assert.equal(
    lines,
    names.filter((name) => lines.includes(name)),
  );
});

test("no name is longer than its column", () => {
  for (const { name } of CHECKS) assert.ok(name.length < 11, name);
});

test("a check without a result leaves no line and no fact", () => {
  const silent = check(
    "silent",
    (): { silent: boolean } | undefined => undefined,
    () => "never",
  );
  assert.equal(examine([silent], subject), { text: "", facts: {}, problem: undefined });
});

test("without the package, the checks that need it are left out, and the reason is the problem", () => {
  const needed = packageCheck(
    "needed",
    ({ omnipoll: { host } }) => ({ host: host.name }),
    ({ host }) => host,
  );
  const { text, facts, problem } = examine([...CHECKS, needed], unloaded, "no addon");
  assert.is(problem, "no addon");
  assert.is(facts["problem"], "no addon");
  assert.match(text, /^host +none \(OMNIPOLL_HOST is not set\)$/m);
  assert.equal(namesOf(text), ["omnipoll", "host", "core", "addon", "node", "kernel"]);
});

test("the problem is the message of the failed check, and several messages are joined", () => {
  const { problem, facts } = examine([bad("one"), bad("two")], subject);
  assert.is(problem, "one is bad; two is bad");
  assert.equal(facts, { one: 1, two: 1, problem });
});

test("a check that throws is a problem of its own, and the others go on", () => {
  const thrower = check(
    "thrower",
    (): object => {
      throw new Error("no such thing\nat all");
    },
    () => "",
  );
  const last = check(
    "last",
    () => ({ last: true }),
    () => "said",
  );
  const { text, facts, problem } = examine([thrower, last], subject);
  assert.is(text, "thrower    unknown: no such thing\nlast       said\n");
  assert.is(problem, "thrower: no such thing");
  assert.equal(facts, { last: true, problem });
});

test("facts in one place stand beside each other", () => {
  assert.equal(examine([part("a"), part("b")], subject).facts, { parts: { a: true, b: true } });
});

test("this machine is well, and every API answers right", () => {
  const { problem, facts } = examine(CHECKS, subject);
  assert.is(problem, undefined);
  const apis = facts["apis"] as Record<string, { works: boolean }>;
  assert.equal(Object.keys(apis), ["select", "poll", "epoll", "kqueue", "devpoll"]);
  assert.ok(Object.values(apis).every(({ works }) => works));
});

test("inspect() shows the registrations of poll and devpoll objects on every host", () => {
  const { text, facts } = examine(CHECKS, subject);
  const shown = facts["inspect"] as Record<string, boolean | string>;
  assert.equal(Object.keys(shown), ["poll", "epoll", "kqueue", "devpoll"]);
  assert.is(shown["poll"], true);
  assert.is(shown["devpoll"], true);
  assert.match(text, /^inspect +shows the registrations of poll, .*devpoll/m);
});

test.run();
