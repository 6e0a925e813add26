// examples/prompt-timeout.ts: every kind of standard input.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import * as os from "../../bindings/node/os.ts";
import { select } from "../../bindings/node/select.ts";
import { eventually } from "../support/world.ts";
import {
  type Ended,
  exampleOf,
  hasTerminal,
  onTerminal,
  start,
  startProgram,
} from "../support/spawned.ts";

const PROMPT = exampleOf("prompt-timeout");
/** Of a prompt that is answered; slow machines are slow. */
const LONG = "60";

/** Whether a descriptor can be read. */
const isReadable = (fd: number): boolean => select([fd], [], [], 0)[0].length > 0;

/** Runs the prompt with a pipe for standard input, into which a piece is written once the last one was read. */
async function promptWith(...pieces: ReadonlyArray<string | Buffer>): Promise<Ended> {
  const [r, w] = os.pipe();
  const { ended, printed } = start([PROMPT, "Q?", LONG], { stdio: [r, "pipe", "pipe"] });
  let isOver = false;
  void ended.then(() => (isOver = true));
  await printed("Q?");
  for (const piece of pieces) {
    os.write(w, piece);
    assert.ok(await eventually(() => isOver || !isReadable(r)));
  }
  os.close(w);
  const outcome = await ended;
  os.close(r);
  return outcome;
}

/** Asks from a script of sh, in which `$PROMPT` is the program. */
function inShell(script: string): Promise<Ended> {
  const env = { PROMPT: `${process.execPath} ${PROMPT}` };
  return startProgram("sh", ["-c", script], { stdio: ["ignore", "pipe", "pipe"], env }).ended;
}

test("a line from a pipe", async () => {
  const { status, stdout } = await promptWith("Ann\n");
  assert.is(stdout, "Q? Answer: Ann\n");
  assert.is(status, 0);
});

test("a line in pieces, and a character in two", async () => {
  const bytes = Buffer.from("naïve\n");
  const { stdout } = await promptWith(bytes.subarray(0, 3), bytes.subarray(3, 6), "\n");
  assert.is(stdout, "Q? Answer: naïve\n");
});

test("input behind the line is not in the answer", async () => {
  assert.is((await promptWith("one\r\ntwo\n")).stdout, "Q? Answer: one\n");
});

test("an end without a newline ends the line", async () => {
  assert.is((await promptWith("last")).stdout, "Q? Answer: last\n");
});

test("an empty line is an answer, an end without any input is not", async () => {
  assert.is((await promptWith("\n")).stdout, "Q? Answer: \n");
  const { status, stdout } = await promptWith();
  assert.is(stdout, "Q? \nThe input is over.\n");
  assert.is(status, 1);
});

test("the time is kept, also while a line is coming in", async () => {
  const before = performance.now();
  const { child, ended } = start([PROMPT, "Q?", "0.5"]);
  const typing = setInterval(() => child.stdin?.write("x"), 40);
  const { status, stdout } = await ended;
  clearInterval(typing);
  assert.is(stdout, "Q? \nNo answer in 0.5 s.\n");
  assert.is(status, 1);
  assert.ok(performance.now() - before >= 500);
});

test("a file, /dev/null and a closed standard input", async () => {
  const file = await inShell(`$PROMPT Q? ${LONG} <<-END
from here
END`);
  assert.is(file.stdout, "Q? Answer: from here\n");
  assert.is((await inShell(`$PROMPT Q? ${LONG} </dev/null`)).stdout, "Q? \nThe input is over.\n");
  assert.is((await inShell(`$PROMPT Q? ${LONG} <&-`)).stdout, "Q? \nThe input is over.\n");
});

test("a pipe that another process made non-blocking", async () => {
  // The other end of Node's pipes is a socket; another process sets the flag on the shared file.
  const entry = new URL("../../bindings/node/os.js", import.meta.url).href;
  const script = `import("${entry}").then((os) => os.set_blocking(0, false))`;
  const { stdout } = await inShell(
    `{ sleep 0.5; echo late; } | { "${process.execPath}" -e '${script}'; $PROMPT Q? ${LONG}; }`,
  );
  assert.is(stdout, "Q? Answer: late\n");
});

if (hasTerminal) {
  test("a terminal, answered and not", async () => {
    const run = `"${process.execPath}" "${PROMPT}" Q?`;
    const [answered, ignored] = await Promise.all([
      onTerminal(`${run} ${LONG}`, "typed\n", 500),
      onTerminal(`${run} 0.5`, "", 0),
    ]);
    assert.match(answered.stdout, /Answer: typed\n/);
    assert.is(answered.status, 0);
    assert.match(ignored.stdout, /No answer in 0\.5 s\.\n/);
    assert.is(ignored.status, 1);
  });
} else {
  console.log("skip: a prompt on a terminal (script of util-linux is missing)");
}

test.run();
