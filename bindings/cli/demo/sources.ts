// The sources of the demo: descriptors of every kind, from omnipoll/os and from Node.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, mkdtempSync, openSync, rmSync, statSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { constants as systemConstants, tmpdir } from "node:os";
import { join } from "node:path";
import { CAPABILITY_KQUEUE, CAPABILITY_SOURCES, ENOSYS } from "../../../asm/abi.ts";
import {
  KQ_EV_ADD,
  KQ_EV_ONESHOT,
  KQ_FILTER_PROC,
  KQ_FILTER_SIGNAL,
  KQ_FILTER_TIMER,
  KQ_FILTER_USER,
  KQ_FILTER_VNODE,
  KQ_NOTE_EXIT,
  KQ_NOTE_EXTEND,
  KQ_NOTE_WRITE,
  POLLHUP,
  POLLIN,
} from "../../constants.ts";
import { type Kevent, kevent } from "../../kevent.ts";
import type { Kqueue } from "../../kqueue.ts";
import { host } from "../../node/select.ts";
import * as os from "../../node/os.ts";
import { filenoOf, type Waitable } from "../../waitable.ts";
import { type Action, TRIGGERED } from "./worker.ts";
import { type Api, APIS, namesOf, wordsOf } from "../masks.ts";

/** A descriptor for one wait. */
export interface Stage {
  readonly waitable: Waitable;
  /** The action that causes the event; undefined if no event is to come. */
  readonly action?: Action;
  close(): void;
}

/** A knote for one wait of kqueue. */
export interface QueueStage extends Omit<Stage, "waitable"> {
  readonly change: Kevent;
}

/**
 * A kind of source. A host that lacks it refuses to make it with ENOSYS, or has `isThere` false.
 */
export interface DemoSource {
  readonly name: string;
  /** The APIs that can wait for the source. */
  readonly apis: readonly Api[];
  /** The outcome that the kernel owes, in the words of the API, or the name of an exception. */
  owed(api: Api): string;
  readonly isThere?: boolean;
  prepare(queue: Kqueue): Stage | QueueStage | Promise<Stage | QueueStage>;
}

/** The outcome of a wait without an event. */
export const NOTHING = "nothing";

/** Returns a mask in words; select() has lists instead of bits. */
export function maskText(api: Api, mask: number): string {
  if (mask === 0) return NOTHING;
  return api === "select" ? wordsOf(mask) : namesOf(api, mask).join("|");
}

function closeAll(...fds: number[]): () => void {
  return () => fds.forEach((fd) => os.close(fd));
}

function pipe(): Stage {
  const [r, w] = os.pipe();
  return { waitable: r, action: { kind: "write", fd: w }, close: closeAll(r, w) };
}

/** A pipe whose writer is closed. */
function widowedPipe(): Stage {
  const [r, w] = os.pipe();
  return { waitable: r, action: { kind: "close", fd: w }, close: closeAll(r) };
}

function quietPipe(): Stage {
  const [r, w] = os.pipe();
  return { waitable: r, close: closeAll(r, w) };
}

function fifo(): Stage {
  const folder = mkdtempSync(join(tmpdir(), "omnipoll-"));
  const path = join(folder, "fifo");
  os.mkfifo(path);
  const r = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const w = openSync(path, constants.O_WRONLY);
  rmSync(folder, { recursive: true });
  return { waitable: r, action: { kind: "write", fd: w }, close: closeAll(r, w) };
}

function eventfd(): Stage {
  const fd = os.eventfd(0);
  return { waitable: fd, action: { kind: "count", fd }, close: closeAll(fd) };
}

/** A connection made with omnipoll/os alone. */
function connection(): Stage {
  const listener = os.socket(os.AF_INET, os.SOCK_STREAM);
  os.bind(listener, ["127.0.0.1", 0]);
  os.listen(listener);
  const client = os.socket(os.AF_INET, os.SOCK_STREAM);
  os.connect(client, os.getsockname(listener));
  const [peer] = os.accept(listener);
  return {
    waitable: peer,
    action: { kind: "write", fd: client },
    close: closeAll(listener, client, peer),
  };
}

async function listening(): Promise<{ server: Server; port: number }> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, port: (server.address() as AddressInfo).port };
}

/** A socket of Node's, connected to another one. */
async function nodeSocket(): Promise<Stage> {
  const { server, port } = await listening();
  const accepted = once(server, "connection") as Promise<[Socket]>;
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  const [peer] = await accepted;
  return {
    waitable: socket,
    action: { kind: "write", fd: filenoOf(peer) },
    close: () => {
      socket.destroy();
      peer.destroy();
      server.close();
    },
  };
}

/** A server of Node's, to which a client connects. */
async function nodeServer(): Promise<Stage> {
  const { server, port } = await listening();
  server.on("connection", (peer) => peer.destroy());
  return { waitable: server, action: { kind: "connect", port }, close: () => server.close() };
}

/** The output of a child process, which repeats its input. */
async function childOutput(): Promise<Stage> {
  const child = spawn("cat", { stdio: ["pipe", "pipe", "inherit"] });
  await once(child, "spawn");
  return {
    waitable: child.stdout,
    action: { kind: "write", fd: filenoOf(child.stdin) },
    close: () => {
      child.stdin.destroy();
      child.stdout.destroy();
      child.kill();
    },
  };
}

const FILE = new URL(import.meta.url);

function regularFile(): Stage {
  const fd = openSync(FILE, "r");
  return { waitable: fd, close: () => closeSync(fd) };
}

/** The period of the timer, in ms. */
const TIMER_MS = 50;

function timer(): QueueStage {
  const change = kevent(1, KQ_FILTER_TIMER, KQ_EV_ADD | KQ_EV_ONESHOT, 0, TIMER_MS);
  return { change, close: () => {} };
}

/** A child process that runs a script of sh after one line of input. */
async function childFor(script: string, changeOf: (pid: number) => Kevent): Promise<QueueStage> {
  const child = spawn("sh", ["-c", `read line; ${script}`], {
    stdio: ["pipe", "ignore", "inherit"],
  });
  await once(child, "spawn");
  return {
    change: changeOf(child.pid as number),
    action: { kind: "write", fd: filenoOf(child.stdin) },
    close: () => {
      child.stdin.destroy();
      child.kill();
    },
  };
}

/** A signal that a child process sends. */
function signal(): Promise<QueueStage> {
  // The signal's default action ends the process. The listener stays, because a signal may be late.
  process.on("SIGUSR2", () => {});
  const number = systemConstants.signals.SIGUSR2;
  return childFor("kill -USR2 $PPID", () => kevent(number, KQ_FILTER_SIGNAL));
}

function childExit(): Promise<QueueStage> {
  return childFor("exit 3", (pid) => kevent(pid, KQ_FILTER_PROC, KQ_EV_ADD, KQ_NOTE_EXIT));
}

function writtenFile(): QueueStage {
  const folder = mkdtempSync(join(tmpdir(), "omnipoll-"));
  const fd = openSync(join(folder, "file"), "w");
  rmSync(folder, { recursive: true });
  const notes = KQ_NOTE_WRITE | KQ_NOTE_EXTEND;
  return {
    change: kevent(fd, KQ_FILTER_VNODE, KQ_EV_ADD, notes),
    action: { kind: "write", fd },
    close: closeAll(fd),
  };
}

function userEvent(queue: Kqueue): QueueStage {
  const ident = 1;
  return {
    change: kevent(ident, KQ_FILTER_USER),
    action: { kind: "trigger", queue: queue.fileno(), ident },
    close: () => {},
  };
}

/** Makes the outcome of a source: a mask, and kqueue's event in words. */
function owes(mask: number, event: string): (api: Api) => string {
  return (api) => (api === "kqueue" ? event : maskText(api, mask));
}

function descriptor(
  name: string,
  owed: (api: Api) => string,
  prepare: () => Stage | Promise<Stage>,
): DemoSource {
  return { name, apis: APIS, owed, prepare };
}

function knote(name: string, event: string, prepare: DemoSource["prepare"]): DemoSource {
  return { name, apis: ["kqueue"], owed: () => event, prepare };
}

/** Whether the kernel reports signals, files and processes. */
const HAS_SOURCES = (host.capabilities() & (CAPABILITY_SOURCES | CAPABILITY_KQUEUE)) !== 0;
/** poll_oneoff of a runtime tells that there are bytes, and not how many. */
const HAS_COUNTS = host.name !== "wasi";
const bytes = owes(POLLIN, HAS_COUNTS ? "READ 5" : "READ 1");
const hangup = owes(POLLHUP, "READ EOF");
const content = owes(POLLIN, `READ ${statSync(FILE).size}`);

export const DEMO_SOURCES: readonly DemoSource[] = [
  descriptor("pipe", bytes, pipe),
  // select() reports a hang-up as readable: a read would not block.
  descriptor(
    "pipe, writer goes",
    (api) => (api === "select" ? maskText(api, POLLIN) : hangup(api)),
    widowedPipe,
  ),
  descriptor("FIFO", bytes, fifo),
  descriptor("eventfd", owes(POLLIN, "READ 1"), eventfd),
  descriptor("TCP, omnipoll/os", bytes, connection),
  descriptor("TCP, node:net", bytes, nodeSocket),
  descriptor("server, node:net", owes(POLLIN, "READ 1"), nodeServer),
  descriptor("child's stdout", bytes, childOutput),
  descriptor(
    "regular file",
    (api) => (api === "epoll" ? "PermissionError" : content(api)),
    regularFile,
  ),
  descriptor("nothing happens", () => NOTHING, quietPipe),
  knote("timer", "TIMER 1", timer),
  { ...knote("signal of a child", "SIGNAL 1", signal), isThere: HAS_SOURCES },
  { ...knote("file is written", "VNODE WRITE|EXTEND", writtenFile), isThere: HAS_SOURCES },
  { ...knote("child's end", "PROC EXIT status 3", childExit), isThere: HAS_SOURCES },
  {
    ...knote("user event", `USER 0x${TRIGGERED.toString(16)}`, userEvent),
    // Another thread triggers the event.
    isThere: host.post_open(-1) !== -ENOSYS,
  },
];
