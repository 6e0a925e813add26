// The parts of `npm run matrix`: programs that take longer, or need more, than the suite of one machine.
// A new part is one line here, and the program it runs.

/** One part of the matrix. */
export interface Part {
  readonly name: string;
  /** The claim that the part proves, in one sentence. */
  readonly about: string;
  /** Minutes it takes on two idle cores, rounded up. */
  readonly minutes: number;
  /** Programs of Node that it runs one after the other: compiled files and their arguments. */
  readonly programs: ReadonlyArray<readonly [file: string, ...given: string[]]>;
  /** Added to the environment of these programs. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Fuzzing with a fixed seed refuses a change only for a difference that the change made. New
 * differences are looked for with `npm run fuzz`, whose seed is the time.
 */
const SEED = ["--seed", "20261", "--jobs", "2"];

/** The tests of CPython that wait for descriptors. */
const FILES = "test_select,test_poll,test_selectors,test_asyncio.test_streams";

export const PARTS: readonly Part[] = [
  {
    name: "install",
    about: "npm ci with npm 10 and 11 in a clean clone, npm install leaves it clean, under 200 MB",
    minutes: 3,
    programs: [["test/matrix/install.js"]],
  },
  {
    name: "bundlers",
    about: "a program that Vite builds, in Chromium",
    minutes: 1,
    programs: [["test/matrix/bundlers/vite.js"]],
  },
  {
    name: "wasi-guests",
    about:
      "the C programs of wasi/guests and the plugins of examples/plugin-host compile to the files that are committed",
    minutes: 2,
    programs: [
      ["../wasi/guests/build.mjs", "--check"],
      ["../wasi/guests/emscripten/build.mjs", "--check"],
    ],
  },
  {
    name: "wasi-cpython",
    about:
      "CPython's build for WASI sleeps, selects, polls and runs asyncio; CPython's own tests of these",
    minutes: 6,
    programs: [
      ["test/matrix/cpython/waits.js"],
      ["examples/python-wasi/lib-test.js", "--or-skip"],
      [
        "examples/python-wasi/lib-test.js",
        "--or-skip",
        "--sandbox",
        "@wasmer/wasi",
        "--files",
        FILES,
      ],
    ],
  },
  {
    name: "wasi",
    about:
      "the adapters in Extism, browser_wasi_shim and jco; every case of the probe in all runtimes",
    minutes: 5,
    programs: [
      ["test/matrix/wasi/adapters.js"],
      ["test/matrix/wasi/jco.js"],
      ["test/matrix/wasi/probe.js", "--ours"],
    ],
  },
  {
    name: "jspi",
    about: "100 C programs wait at once on one thread, which goes on, in Node 24 and in a page",
    minutes: 5,
    programs: [
      ["test/matrix/jspi/main.js", "node"],
      ["test/matrix/jspi/main.js", "page"],
    ],
  },
  {
    name: "fuzz-epoll",
    about: "random programs of epoll, poll and select on this kernel and on the simulated Linux",
    minutes: 4,
    programs: [["test/fuzz/main.js", "--flavor", "epoll", "--programs", "10000", ...SEED]],
  },
  {
    name: "fuzz-kqueue",
    about: "random programs of kqueue over epoll and on the simulated FreeBSD",
    minutes: 4,
    programs: [["test/fuzz/main.js", "--flavor", "kqueue", "--programs", "10000", ...SEED]],
  },
  {
    name: "fuzz-poll",
    about: "random programs over poll(2), on this kernel and on the simulated one",
    minutes: 4,
    programs: [["test/fuzz/main.js", "--hosts", "posix,sim:posix", "--programs", "4000", ...SEED]],
  },
  {
    name: "fuzz-wasi",
    about:
      "a million random calls of each group of a guest's functions neither throw, hang nor change a byte that is not theirs",
    minutes: 7,
    programs: [["test/fuzz/wasi.js", ...SEED]],
  },
  {
    name: "fuzz-mutants",
    about: "bugs planted in the simulation, and in the functions of a guest, are found",
    minutes: 3,
    programs: [
      ["test/fuzz/main.js", "--mutants", "--seed", "5"],
      ["test/fuzz/wasi.js", "--mutants", "--seed", "5"],
    ],
  },
  {
    name: "soak",
    about: "five minutes of objects and descriptors made, used and closed: nothing grows",
    minutes: 6,
    programs: [["test/matrix/soak.js", "--minutes", "5"]],
  },
  {
    name: "busy",
    about: "the suite of this kernel beside eight busy loops",
    minutes: 30,
    programs: [["test/matrix/busy.js"]],
  },
];
