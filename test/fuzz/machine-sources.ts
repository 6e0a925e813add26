// The steps with timers, processes, inotify and folders, which only the fuzzer runs. Where omnipoll/os has no
// call, the step calls the host.
//
// No step has a signalfd or the slave of a terminal: neither omnipoll/os nor the host can open one.

import { spawn } from "node:child_process";
import { host, poll, POLLIN } from "../../bindings/node/select.ts";
import { osError } from "../../bindings/errors.ts";
import * as os from "../../bindings/node/os.ts";
import { sleep } from "../support/descriptors.ts";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  renameSync,
  rmdirSync,
  unlinkSync,
} from "../support/files.ts";
import { sim } from "../support/world.ts";
import { Machine } from "./machine.ts";
import { errorText } from "./words.ts";

/** Bits of inotify (IN_*) by name. */
const INOTIFY: Record<string, number> = {
  ACCESS: 0x1,
  MODIFY: 0x2,
  ATTRIB: 0x4,
  CLOSE: 0x18,
  OPEN: 0x20,
  MOVED: 0xc0,
  CREATE: 0x100,
  DELETE: 0x200,
  DELETE_SELF: 0x400,
  MOVE_SELF: 0x800,
};
/** Deadlines in ms from now: one that has passed, and one later than any program lasts. */
const DEADLINES: Record<string, number> = { past: -1, never: 1e6 };
/** Time within which a timer whose deadline has passed expires. */
const EXPIRY_MS = 1;
/** Time within which a killed process has ended. */
const EXIT_MS = 1000;

/** Result of a call of the host, or its error as an OSError. */
function checked(result: number, call: string): number {
  if (result < 0) throw osError(host.describe, -result, call);
  return result;
}

/** A process that does nothing until it is killed. */
function startChild(): { pid: number; kill(): void } {
  if (sim !== undefined) {
    const child = sim.processes.program.fork();
    child.exec("sleep");
    return { pid: child.pid, kill: () => child.kill("SIGKILL") };
  }
  const child = spawn("sleep", ["1000"], { stdio: "ignore" });
  if (child.pid === undefined) throw new Error("sleep was not started");
  return { pid: child.pid, kill: () => child.kill("SIGKILL") };
}

/** A Machine with more kinds of descriptors. */
export class SourceMachine extends Machine {
  readonly #children = new Map<string, { pid: number; kill(): void }>();

  constructor() {
    super(true);
  }

  override run(step: string): string {
    const [word, ...words] = step.split(" ") as [string, ...string[]];
    const own = this.#steps[word];
    if (own === undefined) return super.run(step);
    try {
      return String(own(...words) ?? "ok");
    } catch (error) {
      // Errors of node:fs have a code and are no OSError.
      return (error as { code?: string }).code ?? errorText(error);
    }
  }

  override finish(): void {
    for (const child of this.#children.values()) child.kill();
    super.finish();
  }

  readonly #steps: Record<string, (...words: any[]) => number | void> = {
    nap: (ms) => sleep(Number(ms)),

    timer: (name) => this.own(name, checked(host.timerfd_create(), "timerfd_create")),
    arm: (name, when) => {
      const deadline = when === "off" ? 0 : host.now() + (DEADLINES[when] as number);
      checked(host.timerfd_settime(this.fd(name), deadline), "timerfd_settime");
      sleep(EXPIRY_MS);
    },

    child: (name) => {
      const child = startChild();
      this.#children.set(name, child);
      this.own(name, os.pidfd_open(child.pid));
    },
    kill: (name) => {
      const child = this.#children.get(name);
      if (child === undefined || !this.#children.delete(name)) return;
      const watched = os.pidfd_open(child.pid);
      const polling = poll();
      polling.register(watched, POLLIN);
      child.kill();
      polling.poll(EXIT_MS);
      os.close(watched);
    },

    inotify: (name) => this.own(name, checked(host.inotify_init(), "inotify_init")),
    watch: (name, of, masks) => {
      let mask = 0;
      for (const word of masks.split("|")) mask += INOTIFY[word] as number;
      const [inotify, fd] = [this.fd(name), this.fd(of)];
      return checked(host.inotify_add_watch(inotify, fd, 0, mask), "inotify_add_watch");
    },
    unwatch: (name, watch) => {
      checked(host.inotify_rm_watch(this.fd(name), Number(watch)), "inotify_rm_watch");
    },

    append: (path, size) => appendFileSync(this.path(path), "x".repeat(Number(size))),
    rename: (path, other) => renameSync(this.path(path), this.path(other)),
    unlink: (path) => unlinkSync(this.path(path)),
    chmod: (path) => chmodSync(this.path(path), 0o600),
    mkdir: (path) => mkdirSync(this.path(path)),
    rmdir: (path) => rmdirSync(this.path(path)),
  };
}
