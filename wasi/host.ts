// The fallback host: the descriptors of this process over poll_oneoff, without native code. The runtime's own
// poll_oneoff serves if it passes a self-test, else the one that wasi/node/ makes of Node's handles.

import { closeSync, openSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  EBADF,
  EINVAL,
  ENOSYS,
  EVENT_IN,
  EVENT_OUT,
  POLL_RECORD_FD,
  POLL_RECORD_SIZE,
  POLL_RECORD_WANT,
} from "../asm/abi.ts";
import { absentHost } from "../host/calls.ts";
import { describeErrno } from "../host/errno.ts";
import type { Host } from "../host/host.ts";
import type { OsHost } from "../host/os.ts";
import { withCounters } from "./counters.ts";
import { dataCalls } from "./node/data.ts";
import { Descriptors } from "./node/descriptors.ts";
import { nodeOneoff } from "./node/oneoff.ts";
import { createNodeOs, SERVED } from "./node/os.ts";
import { refusalOf } from "./node/permission.ts";
import { runtimeOneoff } from "./node/runtime.ts";
import { failureOf } from "./node/self-test.ts";
import { offerWatcher, Watcher } from "./node/watcher.ts";
import { OneoffPoller, type PollOneoff, SOCKET_DGRAM, SOCKET_STREAM } from "./poller.ts";

const EFAULT = 14;

/** The poll_oneoff of a thread, and why it is not the runtime's own. */
export interface Choice {
  readonly oneoff: "node:wasi" | "Node's handles";
  /** The case of the self-test that node:wasi's fails; undefined if it passes. */
  readonly failed: string | undefined;
}

export interface WasiHost extends Host {
  /** The calls behind omnipoll/os. */
  readonly os: OsHost;
  /** The calls of omnipoll/os that there are, by what serves them. */
  readonly served: Readonly<Record<string, readonly string[]>>;
  /** Chooses a poll_oneoff unless that is done. @throws {Error} if none serves */
  choose(): Choice;
}

/** The poll_oneoffs there are, on a memory. */
interface Candidates {
  readonly own: PollOneoff;
  readonly ours: PollOneoff;
}

/**
 * Chooses the poll_oneoff of this thread by the self-test. Undefined while the thread has no watcher, which a thread
 * besides the main one may not have yet.
 *
 * @throws {Error} if none passes
 */
function choiceOf(
  candidates: (memory: WebAssembly.Memory) => Candidates,
  watcher: Watcher,
): Choice | undefined {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { own, ours } = candidates(memory);
  const file = openSync(fileURLToPath(import.meta.url), "r");
  const fails = (call: PollOneoff): string | undefined | null => {
    const fds = watcher.pair();
    if (fds === undefined) return null;
    const failure = failureOf(memory, call, { fds, close: (fd) => watcher.close(fd) }, file);
    for (const fd of fds) watcher.close(fd);
    return failure;
  };
  try {
    const failed = fails(own);
    if (failed === null) return undefined;
    if (failed === undefined) return { oneoff: "node:wasi", failed };
    const wrong = fails(ours);
    if (wrong === null) return undefined;
    if (wrong === undefined) return { oneoff: "Node's handles", failed };
    throw new Error(
      `omnipoll: Node ${process.versions.node} cannot wait without the native addon: ${wrong}; node:wasi: ${failed}`,
    );
  } finally {
    closeSync(file);
  }
}

/**
 * The host of this process without native code.
 *
 * @param reason why there is no native host; undefined if this one is asked for
 */
export function createWasiHost(reason: string | undefined): WasiHost {
  const watcher = new Watcher();
  const descriptors = new Descriptors(() => watcher.sentinel());
  let choice: Choice | undefined;
  let failure: Error | undefined;

  const candidates = (memory: WebAssembly.Memory): Candidates => ({
    own: runtimeOneoff(memory),
    ours: nodeOneoff(memory, descriptors, watcher),
  });

  function choose(): Choice | undefined {
    try {
      return (choice ??= choiceOf(candidates, watcher));
    } catch (error) {
      throw refusalOf(error as Error);
    }
  }

  const poller: OneoffPoller = new OneoffPoller(
    (...given) => (choose()?.oneoff === "node:wasi" ? own : ours)(...given),
    () => performance.now(),
    (fd) => {
      const descriptor = descriptors.get(fd);
      if (descriptor?.stat.isSocket() !== true) return 0;
      return descriptor.isDatagram ? SOCKET_DGRAM : SOCKET_STREAM;
    },
  );
  const { own, ours } = candidates(poller.memory);

  /** Calls what may throw, and keeps the reason: no call of the waist throws. */
  function guarded(call: () => number): number {
    failure = undefined;
    try {
      return call();
    } catch (error) {
      failure = error as Error;
      return -ENOSYS;
    }
  }

  /** poll(2) of one descriptor, for ever. */
  function wait(fd: number, isWrite: boolean): number {
    const record = new DataView(new ArrayBuffer(POLL_RECORD_SIZE));
    record.setInt32(POLL_RECORD_FD, fd, true);
    record.setUint16(POLL_RECORD_WANT, isWrite ? EVENT_OUT : EVENT_IN, true);
    return guarded(() => poller.poll(() => record, 1, -1));
  }

  const os = createNodeOs(descriptors, {
    wait,
    pair: () => watcher.pair(),
    closeSocket: (fd) => watcher.close(fd),
    refuse: (error) =>
      guarded(() => {
        throw refusalOf(error, true);
      }),
  });
  offerWatcher();

  const data = dataCalls(descriptors, poller);
  return {
    ...absentHost(),
    ...withCounters(poller.counters, {
      // The core reads and writes nothing but counters here.
      read: () => -EBADF,
      write: () => -EBADF,
      close: os.close,
      fd_stat: (...given) => guarded(() => data.fd_stat(...given)),
      answer: (...given) => void guarded(() => (data.answer(...given), 0)),
    }),
    name: "wasi",
    reason,
    os,
    served: SERVED,
    describe: describeErrno,
    capabilities: () => 0,
    now: () => performance.now(),
    realtime: () => performance.timeOrigin + performance.now(),
    poll(memory, records, count, timeoutMs) {
      const from = records >>> 0;
      if (count < 0) return -EINVAL;
      if (from + count * POLL_RECORD_SIZE > memory.buffer.byteLength) return -EFAULT;
      const recordsOf = (): DataView => new DataView(memory.buffer, from, count * POLL_RECORD_SIZE);
      return guarded(() => poller.poll(recordsOf, count, timeoutMs));
    },
    takeFailure() {
      const taken = failure;
      failure = undefined;
      return taken;
    },
    choose() {
      const found = choose();
      if (found === undefined)
        throw new Error("omnipoll: this thread has no watcher of descriptors yet");
      return found;
    },
  };
}
