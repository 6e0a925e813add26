// Grades cases one after the other in a process of its own, which a runtime may block or crash:
// `child.js RUNTIME`, and the names of the cases as the first message.

import type { Case } from "../../wasi/probe/case.ts";
import { CASES, grade } from "../../wasi/probe/grade.ts";
import { RUNTIMES } from "./runtimes.ts";

process.once("message", async (names: readonly string[]) => {
  const runtime = RUNTIMES.find(({ name }) => name === process.argv[2]);
  if (runtime === undefined) throw new Error(`child: there is no runtime ${process.argv[2]}`);
  for (const name of names) {
    const one = CASES.find((entry) => entry.name === name) as Case;
    const strictness = runtime.isOurs ? { isExact: true } : {};
    const why = await grade(one, runtime, strictness).catch(String);
    await new Promise((resolve) => process.send?.({ name, why }, resolve));
  }
  process.exit();
});
