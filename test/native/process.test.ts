import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { constants, release } from "node:os";
import { createInterface } from "node:readline";
import { suite } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { EAGAIN, EBADF, ESRCH, EVENT_IN } from "../../asm/abi.ts";
import * as os from "../../bindings/node/os.ts";
import { canBeRoot, host, readyOf } from "./support.ts";
import { flushed, untilEnded } from "../kqueue/processes.ts";
import { DEADLINE_MS } from "../support/world.ts";

/** Whether the kernel keeps the status of a reaped process for programs that have its pidfd. */
const [major = 0, minor = 0] = release().split(".").map(Number);
const isKept = major > 6 || (major === 6 && minor >= 15);

const processes = suite("sources: pidfd_open and proc_status");

/** Without the sanitizers of `.ci/run`: they catch signals, and exit. */
const env = { ...process.env, LD_PRELOAD: "" };

/** Starts a shell; the event loop is needed to reap it, so it stays a zombie until then. */
const shell = (script: string, stdin: number | "ignore" = "ignore"): ChildProcess =>
  spawn("sh", ["-c", script], { env, stdio: [stdin, "pipe", "ignore"] });

/** First line a program prints, as a number. */
async function numberFrom(child: ChildProcess): Promise<number> {
  if (child.stdout === null) throw new Error("no pipe");
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  return Number(line);
}

/** Waits for the end of a process; its descriptor. */
function ended(pid: number): number {
  const pidfd = host.pidfd_open(pid);
  assert.ok(pidfd >= 0, `pidfd_open: ${pidfd}`);
  assert.is(os.get_inheritable(pidfd), false);
  // Linux adds EVENT_HUP once it has been reaped.
  assert.is(readyOf(pidfd, EVENT_IN, DEADLINE_MS) & EVENT_IN, EVENT_IN);
  return pidfd;
}

for (const [script, status] of [
  ["exit 0", 0],
  ["exit 64", 64 << 8],
  ["exit 255", 255 << 8],
  ["kill -KILL $$", constants.signals.SIGKILL],
  ["kill -TERM $$", constants.signals.SIGTERM],
] as const) {
  processes(`a child: ${script}`, async () => {
    const [r, w] = os.pipe();
    const child = shell(`read line; ${script}`, r);
    os.close(r);
    const pid = child.pid ?? 0;
    const early = host.pidfd_open(pid);
    assert.is(host.proc_status(early, pid), -EAGAIN);
    host.close(early);
    os.write(w, "go\n");
    os.close(w);
    const pidfd = ended(pid);
    assert.is(host.proc_status(pidfd, pid), status);
    assert.is(host.proc_status(pidfd, pid), status, "it was not reaped");
    const [code, signal] = (await once(child, "close")) as [number | null, string | null];
    assert.is(code === null ? constants.signals[signal as NodeJS.Signals] : code << 8, status);
    assert.is(host.proc_status(pidfd, pid), isKept ? status : -ESRCH, "reaped");
    host.close(pidfd);
    assert.is(host.pidfd_open(pid), -ESRCH);
  });
}

processes("a child that dumps core has the same status before and after it is reaped", async () => {
  const child = shell("ulimit -c unlimited; cd /; kill -SEGV $$");
  const pid = child.pid ?? 0;
  const pidfd = ended(pid);
  const status = host.proc_status(pidfd, pid);
  assert.is(status & ~0x80, constants.signals.SIGSEGV);
  await once(child, "close");
  assert.is(host.proc_status(pidfd, pid), isKept ? status : -ESRCH);
  host.close(pidfd);
});

processes("no child: a zombie that its parent does not reap, killed or not", async () => {
  for (const [script, status] of [
    ["exit 7", 7 << 8],
    ["kill -9 $(cut -d' ' -f4 /proc/self/stat)", 9],
  ] as const) {
    const parent = shell(`(sleep 0.1; ${script}) & echo $!; exec sleep 10`);
    const pid = await numberFrom(parent);
    const pidfd = ended(pid);
    assert.is(host.proc_status(pidfd, pid), status);
    assert.is(host.proc_status(pidfd, pid + 1), -ESRCH, "another number");
    parent.kill();
    await once(parent, "close");
    host.close(pidfd);
  }
});

processes("no child: one that its parent has reaped", async () => {
  const parent = shell("(sleep 0.1; exit 9) & echo $!; wait; exec sleep 10");
  const pid = await numberFrom(parent);
  const pidfd = ended(pid);
  const deadline = host.now() + DEADLINE_MS;
  while (host.pidfd_open(pid) !== -ESRCH) assert.ok(host.now() < deadline, "it is not reaped");
  assert.is(host.proc_status(pidfd, pid), isKept ? 9 << 8 : -ESRCH);
  parent.kill();
  await once(parent, "close");
  host.close(pidfd);
});

processes("a process has ended when its last thread has", async () => {
  if (spawnSync("python3", ["--version"]).status !== 0) return console.log("\nskip: no python3");
  const EXIT = process.arch === "arm64" ? 93 : 60;
  const program = `
import ctypes, os, sys, threading
def last():
    sys.stdin.readline()
    os._exit(5)
threading.Thread(target=last).start()
print(os.getpid(), flush=True)
ctypes.CDLL(None).syscall(${EXIT}, 3)`;
  const child = spawn("python3", ["-c", program], { env, stdio: ["pipe", "pipe", "inherit"] });
  const pid = await numberFrom(child);
  const early = host.pidfd_open(pid);
  untilEnded(pid); // its first thread has ended
  assert.is(readyOf(early, EVENT_IN), 0);
  assert.is(host.proc_status(early, pid), -EAGAIN);
  child.stdin?.end();
  await flushed();
  const pidfd = ended(pid);
  assert.is(host.proc_status(pidfd, pid), 5 << 8);
  await once(child, "close");
  host.close(early);
  host.close(pidfd);
});

processes(
  "a pid without a process is -ESRCH or -EINVAL, a descriptor of another kind -EBADF",
  () => {
    assert.is(host.pidfd_open(0x3fffffff), -ESRCH);
    assert.is(host.pidfd_open(-5), -22);
    assert.is(host.pidfd_open(0), -22);
    const [r, w] = os.pipe();
    for (const fd of [r, w, -1, 99999]) assert.is(host.proc_status(fd, process.pid), -EBADF);
    os.close(r);
    os.close(w);
  },
);

processes("the status of another user's zombie is not made up", async () => {
  if (!canBeRoot("another user's zombie")) return;
  const parent = shell("(sleep 0.1; exit 7) & echo $!; exec sleep 10");
  const pid = await numberFrom(parent);
  host.close(ended(pid));
  const script = `
    import { createLinuxHost } from ${JSON.stringify(new URL("../../host/linux/host.js", import.meta.url))};
    const host = createLinuxHost();
    console.log(host.proc_status(host.pidfd_open(${pid}), ${pid}));`;
  const args = ["--input-type=module", "-e", script];
  const other = spawnSync(process.execPath, args, { uid: 65534, gid: 65534, encoding: "utf8" });
  parent.kill();
  await once(parent, "close");
  if (other.status === 0) assert.is(Number(other.stdout), -ESRCH);
  else console.log("\nskip: another user's zombie: another user cannot read this folder");
});

processes.run();
