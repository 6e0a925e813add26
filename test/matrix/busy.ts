// The suite of this machine's kernel beside eight busy loops: a test waits for events that it needs and
// asserts no time that only an idle machine keeps.

import { spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const LOOPS = 8;
const RUN = fileURLToPath(new URL("../run.js", import.meta.url));
const hosts = process.argv[2] ?? "native";

const loops = Array.from({ length: LOOPS }, () =>
  spawn(process.execPath, ["-e", "for (;;);"], { stdio: "ignore" }),
);
try {
  const { status } = spawnSync(process.execPath, [RUN, "--hosts", hosts], { stdio: "inherit" });
  process.exitCode = status ?? 1;
} finally {
  for (const loop of loops) loop.kill("SIGKILL");
}
