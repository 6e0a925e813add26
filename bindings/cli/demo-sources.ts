// What the demo waits for: descriptors of every kind, from omnipoll/os and from Node.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, mkdtempSync, openSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { POLLHUP, POLLIN } from "../constants.ts";
import * as os from "../node-os.ts";
import { filenoOf, type Waitable } from "../waitable.ts";
import type { Action } from "./demo-worker.ts";
import type { Api } from "./masks.ts";

/** Something to wait for, ready for one wait. */
export interface Stage {
  readonly waitable: Waitable;
  /** What happens during the wait; nothing if there is none. */
  readonly action?: Action;
  close(): void;
}

/** What the kernel owes: a mask, 0 for nothing until the timeout, or the name of an exception. */
export type Owed = number | string;

/** A kind of thing to wait for. */
export interface DemoSource {
  readonly name: string;
  owed(api: Api): Owed;
  /** Whether it is ready before anything happens. */
  readonly always?: true;
  prepare(): Stage | Promise<Stage>;
}

function closeAll(...fds: number[]): () => void {
  return () => fds.forEach((fd) => os.close(fd));
}

function pipe(): Stage {
  const [r, w] = os.pipe();
  return { waitable: r, action: { kind: "write", fd: w }, close: closeAll(r, w) };
}

/** A pipe whose writer goes. */
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

/** A socket of Node's; its peer is one, too. */
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

/** A server of Node's, to which a connection comes. */
async function nodeServer(): Promise<Stage> {
  const { server, port } = await listening();
  server.on("connection", (peer) => peer.destroy());
  return { waitable: server, action: { kind: "connect", port }, close: () => server.close() };
}

/** Output of a child process, which repeats what it is told. */
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

function regularFile(): Stage {
  const fd = openSync(new URL(import.meta.url), "r");
  return { waitable: fd, close: () => closeSync(fd) };
}

const readable = (): Owed => POLLIN;

export const DEMO_SOURCES: readonly DemoSource[] = [
  { name: "pipe", owed: readable, prepare: pipe },
  // select() has no word for it but readable: a read would not block.
  {
    name: "pipe, writer goes",
    owed: (api) => (api === "select" ? POLLIN : POLLHUP),
    prepare: widowedPipe,
  },
  { name: "FIFO", owed: readable, prepare: fifo },
  { name: "eventfd", owed: readable, prepare: eventfd },
  { name: "TCP, omnipoll/os", owed: readable, prepare: connection },
  { name: "TCP, node:net", owed: readable, prepare: nodeSocket },
  { name: "server, node:net", owed: readable, prepare: nodeServer },
  { name: "child's stdout", owed: readable, prepare: childOutput },
  {
    name: "regular file",
    owed: (api) => (api === "epoll" ? "PermissionError" : POLLIN),
    always: true,
    prepare: regularFile,
  },
  { name: "nothing happens", owed: () => 0, prepare: quietPipe },
];
