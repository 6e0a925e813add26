// Components: C programs of wasi/guests that jco has made components of and transpiled, with preview2-shim, and our
// streams, clocks and poll over it.

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { test } from "../../support/uvu.ts";
import * as assert from "uvu/assert";
import * as os from "../../../bindings/node/os.ts";
import * as select from "../../../bindings/node/select.ts";
import { forJco, type JcoImports } from "../../../bindings/node/wasi.ts";
import { PRINTED } from "../../wasi/poll-select-output.ts";
import { waited, waitingStreams } from "../../wasi/poll-wait.ts";
import { scoped } from "../../support/descriptors.ts";
import { importFrom, installPart } from "../../support/part.ts";

const PART = "wasi/jco";
const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
const JCO = join(ROOT, PART, "node_modules/@bytecodealliance/jco/dist/jco.js");

/** The parts of the packages that are used: their types would need their installation. */
interface Shim {
  readonly WASIShim: new (config: {
    readonly sandbox: {
      readonly args: readonly string[];
      readonly preopens: Readonly<Record<string, string>>;
    };
  }) => { getImportObject(): JcoImports };
}
interface Component {
  instantiate(
    getCoreModule: (path: string) => Promise<WebAssembly.Module>,
    imports: JcoImports,
  ): Promise<{ readonly run: { run(): void } }>;
}

class Exit extends Error {
  readonly isOk: boolean;

  constructor(isOk: boolean) {
    super(`the program ended ${isOk ? "well" : "with an error"}`);
    this.isOk = isOk;
  }
}

/** Runs jco. */
function jco(...argv: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync(process.execPath, [JCO, ...argv], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`jco ${argv.join(" ")}: ${stdout}${stderr}`);
}

const folder = mkdtempSync(join(tmpdir(), "omnipoll-jco-"));
process.once("exit", () => rmSync(folder, { recursive: true }));
installPart(PART);
// What jco writes is modules.
writeFileSync(join(folder, "package.json"), '{"type":"module"}');
mkdirSync(join(folder, "files"));
writeFileSync(join(folder, "files/greeting"), "from a file");

const { WASIShim } = await importFrom<Shim>(PART, "@bytecodealliance/preview2-shim/instantiation");

/** Makes a component of a program, and its JavaScript. */
function make(name: string): string {
  const component = join(folder, `${name}.component.wasm`);
  const out = join(folder, name);
  if (existsSync(out)) return out;
  jco("new", join(ROOT, `wasi/guests/${name}.wasm`), "--wasi-command", "-o", component);
  jco("transpile", component, "-o", out, "-I", "async", "--name", name);
  return out;
}

/** Runs a program as a component. Returns whether it ended well. */
async function run(
  name: string,
  args: readonly string[],
  streams: { stdin: number; stdout: number; stderr?: number },
): Promise<boolean> {
  const out = make(name);
  const { instantiate } = (await import(
    pathToFileURL(join(out, `${name}.js`)).href
  )) as unknown as Component;

  const preopens = { "/": join(folder, "files") };
  const shim = new WASIShim({ sandbox: { args: [name, ...args], preopens } });
  const imports = forJco(shim.getImportObject(), { select, os, ...streams });
  const exit = {
    exit({ tag }: { readonly tag: string }): never {
      throw new Exit(tag === "ok");
    },
  };
  const core = (path: string): Promise<WebAssembly.Module> =>
    WebAssembly.compile(readFileSync(join(out, path)));
  const instance = await instantiate(core, { ...imports, "wasi:cli/exit": exit });
  try {
    instance.run.run();
    return true;
  } catch (error) {
    if (error instanceof Exit) return error.isOk;
    throw error;
  }
}

test(
  "a component polls, selects, reads and sleeps",
  scoped(async (s) => {
    const [stdin, into] = s.pipe();
    const [from, stdout] = s.pipe();
    os.write(into, "hello");
    assert.is(await run("poll-select", [], { stdin, stdout }), false, "main returns 7");
    const printed = os.read(from, 4096).toString();
    // jco's adapter fails a poll_oneoff that has a closed number, and knows no count of bytes.
    const expected = PRINTED.replace("poll 3: in 1 out 1 nval 1", "poll -1: in 0 out 0 nval 0");
    assert.is(printed, expected.replace("5 bytes", "1 bytes"));
  }),
);

test(
  "a component waits for its standard input, and polls a file of preview2-shim beside ours",
  scoped(async (s) => {
    const { streams, output } = await waitingStreams(s);
    assert.is(await run("poll-wait", ["/greeting"], streams), true);
    assert.is(await output(), waited("/greeting: poll 2 in 1 out 1: from a file"));
  }),
);

/** The numbers of a line, behind its first word. */
function numbers(line: string): number[] {
  return line.split(" ").slice(1).map(Number);
}

/**
 * The calls of the probe. `head` is the error, the number of events, how many bytes changed elsewhere and in the rest of
 * the events, and the time in µs; an event is its user data, type and error.
 */
function callsOf(printed: string): ReadonlyArray<{ head: number[]; events: number[][] }> {
  return printed
    .split("call ")
    .slice(1)
    .map((call) => {
      const [head = "", ...lines] = call.split("\n");
      const events = lines.filter((line) => line.startsWith("event "));
      return {
        head: numbers(`call ${head}`),
        events: events.map((line) => numbers(line).slice(0, 3)),
      };
    });
}

test(
  "the probe's poll_oneoff in a component: idle and ready streams, clocks, many subscriptions",
  scoped(async (s) => {
    const [stdin, into] = s.pipe();
    const [from, stdout] = s.pipe();
    const idle = "r0 w1 / r0 c1:20000000 / c1:60000000000 c1:5000000 / s1:10000000 / w1 x10000 /";
    const [READ, WRITE, CLOCK] = [1, 2, 0];
    await run("probe", idle.split(" "), { stdin, stdout });
    const [both, timeout, first, absolute, many] = callsOf(os.read(from, 65_536).toString());
    assert.equal(both?.events, [[1, WRITE, 0]]);
    assert.equal(timeout?.events, [[1, CLOCK, 0]]);
    assert.ok((timeout?.head[4] ?? 0) >= 20_000, `${timeout?.head}`);
    assert.equal(first?.events, [[1, CLOCK, 0]]);
    assert.equal(absolute?.events, [[0, CLOCK, 0]]);
    assert.ok((absolute?.head[4] ?? 0) >= 10_000, `${absolute?.head}`);
    assert.equal(many?.head.slice(0, 3), [0, 10_000, 0]);

    os.write(into, "x");
    await run("probe", "r0 w1 r0 c1:0 /".split(" "), { stdin, stdout });
    const [ready] = callsOf(os.read(from, 65_536).toString());
    assert.equal(ready?.events, [
      [0, READ, 0],
      [1, WRITE, 0],
      [2, READ, 0],
      [3, CLOCK, 0],
    ]);
  }),
);

test.run();
