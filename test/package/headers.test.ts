// The numbers of the headers for C guests (wasi/include) are the modules' own, and omnipoll.h, for programs that
// embed the core, is made of the core.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import * as abi from "../../asm/abi.ts";
import * as constants from "../../bindings/constants.ts";
import * as osConstants from "../../bindings/os/constants.ts";
import { textOf } from "../docs/blocks.ts";
import { exportedFunctions, HEADER, omnipollHeader } from "../docs/header.ts";

const INCLUDE = fileURLToPath(new URL("../../../wasi/include/sys/", import.meta.url));

type Numbers = Readonly<Record<string, number>>;

/** Value of an integer of C, or of one shift of two. */
function valueOf(expression: string): number {
  const [left = "", right] = expression
    .replace(/^\((.*)\)$/, "$1")
    .replaceAll(/(\d)U\b/g, "$1")
    .split("<<")
    .map((part) => part.trim());
  const number = Number(/^0\d+$/.test(left) ? `0o${left.slice(1)}` : left);
  return right === undefined ? number : number * 2 ** Number(right);
}

/** The macros of a header that are numbers. */
function macrosOf(header: string): Map<string, number> {
  const text = readFileSync(INCLUDE + header, "utf8");
  const found = new Map<string, number>();
  for (const [, name = "", value = ""] of text.matchAll(/^#define (\w+) (.+)$/gm)) {
    found.set(name, valueOf(value));
  }
  return found;
}

/** The numbers that a header must have, by the names that it must have them by. */
function renamed(numbers: Numbers, prefix: RegExp, name: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const [key, value] of Object.entries(numbers)) {
    if (typeof value === "number" && prefix.test(key)) found.set(key.replace(prefix, name), value);
  }
  return found;
}

function sorted(numbers: ReadonlyMap<string, number>): string[] {
  return Array.from(numbers, ([name, value]) => `${name} ${value}`).sort();
}

function compare(header: string, ...wanted: ReadonlyArray<ReadonlyMap<string, number>>): void {
  const all = new Map<string, number>();
  for (const numbers of wanted) for (const [name, value] of numbers) all.set(name, value);
  assert.equal(sorted(macrosOf(header)), sorted(all));
}

test("the numbers of sys/epoll.h are those of the module", () => {
  compare(
    "epoll.h",
    renamed(constants, /^EPOLL/, "EPOLL"),
    renamed(abi, /^EPOLL_CTL_/, "EPOLL_CTL_"),
  );
});

test("the numbers of sys/event.h are those of the module", () => {
  const wanted = [
    renamed(abi, /^(?=(?:EV|NOTE)_)/, ""),
    renamed(constants, /^KQ_FILTER_/, "EVFILT_"),
    renamed(constants, /^KQ_(?=EV_|NOTE_)/, ""),
    new Map([["KQUEUE_CLOEXEC", 1]]),
  ];
  // A filter that FreeBSD gave up.
  for (const numbers of wanted) {
    for (const name of numbers.keys()) if (/NETDEV|NOTE_LINK./.test(name)) numbers.delete(name);
  }
  compare("event.h", ...wanted);
});

test("the numbers of sys/eventfd.h are those of the module", () => {
  compare("eventfd.h", renamed(osConstants, /^EFD_/, "EFD_"));
});

test("the numbers of sys/timerfd.h are Linux's", () => {
  compare(
    "timerfd.h",
    new Map([
      ["TFD_CLOEXEC", osConstants.O_CLOEXEC],
      ["TFD_NONBLOCK", osConstants.O_NONBLOCK],
      ["TFD_TIMER_ABSTIME", 1],
      ["TFD_TIMER_CANCEL_ON_SET", 2],
    ]),
  );
});

test("omnipoll.h is the one that asm/abi.ts and asm/index.ts make", () => {
  assert.is(textOf(HEADER), omnipollHeader(), "stale: run `npm run docs` and commit its output");
});

test("omnipoll.h has every constant of asm/abi.ts", () => {
  const macros = textOf(HEADER).matchAll(/^#define OMNIPOLL_(\w+) \(?(-?\w+)\)?$/gm);
  const found = new Map(Array.from(macros, ([, name = "", value]) => [name, Number(value)]));
  assert.equal(sorted(found), sorted(new Map(Object.entries(abi))));
});

test("omnipoll.h has every function that core.wasm exports, and no other", () => {
  const module = new WebAssembly.Module(
    readFileSync(fileURLToPath(new URL("../../../build/core.wasm", import.meta.url))),
  );
  const functions = WebAssembly.Module.exports(module).filter(({ kind }) => kind === "function");
  assert.equal(
    exportedFunctions()
      .map(({ name }) => name)
      .sort(),
    functions.map(({ name }) => name).sort(),
  );
});

test.run();
