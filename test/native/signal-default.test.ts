// The effect of signals on processes that watch them: each test has processes of its own.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { suite } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { mkdtempSync, rmSync, writeFileSync } from "../support/files.ts";
import { DEADLINE_MS, eventually } from "../support/world.ts";

const URLS = {
  support: JSON.stringify(new URL("./support.js", import.meta.url)),
};

/** Arguments of a Node that runs `script` with the host, and does not end by itself. */
function node(script: string): string[] {
  const prelude = `
    import { counterOf, host } from ${URLS.support};
    const send = (signal) => process.kill(process.pid, signal);
    setInterval(() => {}, 1000);`;
  return ["--inspect-port=0", "--input-type=module", "-e", prelude + script];
}

/** Without the sanitizers of `.ci/run`, which take the place of default actions. */
const PLAIN: NodeJS.ProcessEnv = { ...process.env, LD_PRELOAD: "", OMNIPOLL_ADDON: undefined };

function run(script: string, env: NodeJS.ProcessEnv = {}) {
  const options = { encoding: "utf8", env: { ...PLAIN, ...env }, timeout: DEADLINE_MS } as const;
  const { stdout, stderr, status, signal } = spawnSync(process.execPath, node(script), options);
  return { stdout: stdout.trim(), stderr, status, signal };
}

const actions = suite("sources: the default actions of signals");

for (const name of ["SIGUSR2", "SIGTERM", "SIGINT", "SIGHUP", "SIGALRM", "SIGSEGV"] as const) {
  actions(`${name} still kills`, () => {
    const { signal, stdout } = run(`
      host.signal_open(${constants.signals[name]});
      console.log("watching");
      send("${name}");
      console.log("alive");`);
    assert.is(signal, name);
    assert.is(stdout, "watching");
  });
}

actions("SIGKILL still kills", () => {
  const { signal } = run(`host.signal_open(9); send("SIGKILL");`);
  assert.is(signal, "SIGKILL");
});

actions("a signal still kills after the last listener has gone, and after signal_close", () => {
  const { signal, stdout } = run(`
    const fd = host.signal_open(12);
    const listener = () => {};
    process.on("SIGUSR2", listener);
    send("SIGUSR2");
    console.log(counterOf(fd));
    process.off("SIGUSR2", listener);
    host.signal_close(fd);
    send("SIGUSR2");
    console.log("alive");`);
  assert.is(signal, "SIGUSR2");
  assert.is(stdout, "1");
});

actions("signals that are ignored by default stay ignored", () => {
  const { stdout, status } = run(`
    for (const name of ["SIGCHLD", "SIGURG", "SIGWINCH", "SIGCONT"]) {
      const { constants } = await import("node:os");
      const fd = host.signal_open(constants.signals[name]);
      send(name);
      console.log(name, counterOf(fd));
      host.signal_close(fd);
      send(name);
    }
    process.exit(0);`);
  assert.is(stdout, "SIGCHLD 1\nSIGURG 1\nSIGWINCH 1\nSIGCONT 1");
  assert.is(status, 0);
});

actions("SIGUSR1 still starts Node's inspector", () => {
  const { stderr, stdout } = run(`
    const { url } = await import("node:inspector");
    const fd = host.signal_open(10);
    send("SIGUSR1");
    setInterval(() => {
      if (url() === undefined) return;
      console.log(counterOf(fd));
      process.exit(0);
    }, 10);`);
  assert.match(stderr, /Debugger listening/);
  assert.is(stdout, "1");
});

/** The numbers of proc_pid_stat(5): the state, the parent, the process group and the session. */
function statOf(pid: number | string): readonly [state: string, ...numbers: string[]] {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ") as [string, ...string[]];
}

/** Resolves once `holds`, or fails after a minute. */
async function until(holds: () => boolean, what: string): Promise<void> {
  assert.ok(await eventually(holds), `not within a minute: ${what}`);
}

/**
 * Whether the process group of this process is orphaned, so that the default action of a stop signal is
 * nothing: no member has a parent in another group of the same session (will_become_orphaned_pgrp).
 */
function isOrphaned(): boolean {
  const [, , own] = statOf(process.pid);
  const members = readdirSync("/proc").filter((name) => {
    try {
      return /^\d+$/.test(name) && statOf(name)[2] === own;
    } catch {
      return false; // it has ended
    }
  });
  return !members.some((name) => {
    try {
      const [, parent = "", , session] = statOf(name);
      const [, , group, parentSession] = statOf(parent);
      return group !== own && parentSession === session;
    } catch {
      return false;
    }
  });
}

const SIGTSTP = 20;

/** Whether SIGTSTP was sent to a process that has not taken it yet. */
function isPending(pid: number): boolean {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const masks = [...status.matchAll(/^S\w+Pnd:\s*([0-9a-f]+)$/gm)];
  assert.is(masks.length, 2, status);
  return masks.some(([, mask]) => ((BigInt(`0x${mask}`) >> BigInt(SIGTSTP - 1)) & 1n) === 1n);
}

for (const [name, open] of [
  ["without a knote", "0"],
  ["that is counted", `host.signal_open(${SIGTSTP})`],
] as const) {
  actions(`a stop signal ${name} stops, and does so again after SIGCONT`, async () => {
    const script = `
      const fd = ${open};
      console.log("ready");
      setInterval(() => { const count = counterOf(fd); if (count > 0) console.log(count); }, 10);`;
    const child = spawn(process.execPath, node(script), {
      stdio: ["ignore", "pipe", "inherit"],
      env: PLAIN,
      timeout: DEADLINE_MS,
      killSignal: "SIGKILL",
    });
    const pid = child.pid ?? 0;
    const lines = createInterface(child.stdout as NodeJS.ReadableStream);
    await once(lines, "line");
    const isStopped = (): boolean => statOf(pid)[0] === "T";
    for (let round = 0; round < 2; round++) {
      // It prints at once where it is not stopped.
      const counted = open === "0" ? undefined : once(lines, "line");
      child.kill("SIGTSTP");
      if (isOrphaned()) {
        await until(() => !isPending(pid), "SIGTSTP is taken");
        assert.not(isStopped());
      } else {
        await until(isStopped, "the process stops");
      }
      child.kill("SIGCONT");
      await until(() => !isStopped(), "the process goes on");
      if (counted !== undefined) assert.equal(await counted, ["1"]);
    }
    child.kill("SIGKILL");
    await once(child, "close");
  });
}

actions("handlers of others above and below are called once each, in any order", () => {
  const folder = mkdtempSync(join(tmpdir(), "omnipoll-chain-"));
  // A handler like those of runtimes: it prints its name, and calls the handler that was there.
  const source = `
    #include <signal.h>
    #include <stdlib.h>
    #include <unistd.h>
    static struct sigaction earlier;
    static void handle(int signal, siginfo_t* info, void* context) {
      if (write(1, NAME, 1) < 0) return;
      if (earlier.sa_flags & SA_SIGINFO) earlier.sa_sigaction(signal, info, context);
      else if (earlier.sa_handler != SIG_DFL && earlier.sa_handler != SIG_IGN) earlier.sa_handler(signal);
    }
    __attribute__((constructor)) static void install(void) {
      struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO};
      sigaction(SIGUSR2, &action, &earlier);
    }`;
  writeFileSync(join(folder, "chain.c"), source);
  for (const name of ["A", "B"]) {
    const options = [
      "-shared",
      "-fPIC",
      "-w",
      "-Wl,-z,nodelete",
      `-DNAME="${name}"`,
      join(folder, "chain.c"),
    ];
    const { status } = spawnSync("cc", [...options, "-o", join(folder, `${name}.node`)]);
    if (status !== 0) return console.log("\nskip: handlers of others: no C compiler");
  }
  const load = (name: string) =>
    `try { process.dlopen({ exports: {} }, ${JSON.stringify(join(folder, name))} + ".node"); } catch {}`;
  const { stdout, signal } = run(`
    import { writeSync } from "node:fs";
    const { loadAddon } = await import(new URL("../../host/native/addon.js", ${URLS.support}));
    const report = (text) => writeSync(1, text);
    const kick = () => { send("SIGUSR2"); report(String(counterOf(fd)) + " "); };
    ${load("A")}
    let fd = host.signal_open(12);
    report("below:"); kick();
    ${load("B")}
    report("above:"); kick();
    loadAddon().signal_rechain();
    report("rechained:"); kick(); kick();
    host.signal_close(fd);
    report("closed:"); kick();
    fd = host.signal_open(12);
    report("again:"); kick();
    const listener = () => {};
    process.on("SIGUSR2", listener);
    report("node:"); kick();
    process.off("SIGUSR2", listener);
    report("gone:"); send("SIGUSR2");`);
  const seen = "below:A1 above:BA1 rechained:BA1 BA1 closed:BA0 again:BA1 node:1 gone:";
  assert.is(stdout, seen);
  assert.is(signal, "SIGUSR2", "Node leaves the default action behind");
  rmSync(folder, { recursive: true });
});

actions("a worker's handlers do not go with its addon", () => {
  const { signal, stdout } = spawnSync(
    process.execPath,
    [
      "-e",
      `const { Worker } = require("node:worker_threads");
      const worker = new Worker(\`
        const { parentPort } = require("node:worker_threads");
        import(${URLS.support}).then(({ host }) => {
          host.signal_open(12);
          parentPort.postMessage("");
        })\`, { eval: true });
      worker.once("message", () => {
        let heard = 0;
        setInterval(() => {}, 1000); // a listener does not keep the process alive
        process.on("SIGUSR2", () => {
          console.log("heard");
          if (++heard === 2) setImmediate(end);
        });
        process.kill(process.pid, "SIGUSR2");
      });
      worker.once("exit", () => process.kill(process.pid, "SIGUSR2"));
      const end = () => {
        process.removeAllListeners("SIGUSR2");
        process.kill(process.pid, "SIGUSR2");
      };`,
    ],
    { encoding: "utf8", timeout: DEADLINE_MS },
  );
  assert.is(stdout, "heard\nheard\n");
  assert.is(signal, "SIGUSR2");
});

actions.run();
