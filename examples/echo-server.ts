// A TCP echo server: one thread, edge-triggered epoll, thousands of clients.
//
//   node dist/examples/echo-server.js --port 7000
//
// Edge-triggered means: epoll reports a change once, and the program remembers its unfinished work. So
// each client is registered once, for reading and writing, and an event only means "go on with this
// client until EAGAIN". Level-triggered, each change of interest ("now I want to write") would be a
// system call.

import { parseArgs } from "node:util";
import { epoll, EPOLLET, EPOLLIN, EPOLLOUT } from "omnipoll";
import * as os from "omnipoll/os";

/** Bytes read from a client at once, and so the most that the server holds for a client. */
const CHUNK = 65_536;
/** Chunks echoed for a client before the others have their turn. */
const TURN = 8;
/** Connections accepted before the clients have their turn. */
const ACCEPTS = 256;
const BACKLOG = 4096;
/** Longest wait, in seconds, and the interval at which signal handlers get their turn. */
const TICK = 0.1;

const NOTHING = Buffer.alloc(0);

interface Client {
  readonly fd: number;
  /** Bytes read and not written yet. Until they are written the server reads no more: the back-pressure. */
  pending: Buffer;
  /** Whether the client has sent its last byte (FIN). */
  ended: boolean;
}

const clients = new Map<number, Client>();
/** Clients whose turn ended before EAGAIN. No event will come for these. */
let unfinished = new Set<Client>();
/** Whether the listener has no interest, because no descriptors are left for new clients. */
let isFull = false;
const stop = new AbortController();
const totals = { accepted: 0, bytes: 0, vanished: 0 };

const ep = epoll();

function codeOf(error: unknown): string | undefined {
  return (error as { code?: string }).code;
}

function open(host: string, port: number): number {
  const family = host.includes(":") ? os.AF_INET6 : os.AF_INET;
  const listener = os.socket(family, os.SOCK_STREAM | os.SOCK_NONBLOCK);
  os.setsockopt(listener, os.SOL_SOCKET, os.SO_REUSEADDR, 1);
  os.bind(listener, [host, port]);
  os.listen(listener, BACKLOG);
  // Level-triggered: connections left in the queue are reported again.
  ep.register(listener, EPOLLIN);
  return listener;
}

function acceptAll(listener: number): void {
  for (let i = 0; i < ACCEPTS; i++) {
    try {
      const [fd] = os.accept(listener);
      clients.set(fd, { fd, pending: NOTHING, ended: false });
      totals.accepted++;
      // Reported at once if bytes have come already.
      ep.register(fd, EPOLLIN | EPOLLOUT | EPOLLET);
    } catch (error) {
      const code = codeOf(error);
      if (code === "EAGAIN") return;
      if (code === "ECONNABORTED") continue; // the client left while it was in the queue
      if (code !== "EMFILE" && code !== "ENFILE" && code !== "ENOBUFS") throw error;
      // The connection stays in the queue and the listener readable: with its interest, the loop
      // would spin. The interest comes back when a client leaves, or with the next tick.
      setFull(listener, true);
      return;
    }
  }
}

function setFull(listener: number, full: boolean): void {
  if (full === isFull) return;
  isFull = full;
  ep.modify(listener, full ? 0 : EPOLLIN);
}

function drop(client: Client): void {
  clients.delete(client.fd);
  unfinished.delete(client);
  os.close(client.fd); // this ends the registration, too
}

/** Reads a chunk; false if no bytes have come. */
function fill(client: Client): boolean {
  try {
    client.pending = os.recv(client.fd, CHUNK, os.MSG_DONTWAIT);
    client.ended = client.pending.length === 0;
    return true;
  } catch (error) {
    if (codeOf(error) === "EAGAIN") return false;
    throw error;
  }
}

/** Writes the pending bytes; false if some are left. */
function flush(client: Client): boolean {
  while (client.pending.length > 0) {
    try {
      const sent = os.send(client.fd, client.pending, os.MSG_DONTWAIT);
      totals.bytes += sent;
      client.pending = sent < client.pending.length ? client.pending.subarray(sent) : NOTHING;
    } catch (error) {
      if (codeOf(error) === "EAGAIN") return false;
      throw error;
    }
  }
  return true;
}

/** Goes on with a client until EAGAIN or the end of its turn. */
function serve(client: Client): void {
  try {
    for (let i = 0; i < TURN; i++) {
      if (!flush(client)) return; // EPOLLOUT will come
      if (client.ended) return drop(client); // FIN came, and every byte went back
      if (!fill(client)) return; // EPOLLIN will come
    }
    unfinished.add(client);
  } catch (error) {
    // Clients vanish in many ways: ECONNRESET, EPIPE, ETIMEDOUT, EHOSTUNREACH …
    if (codeOf(error) === undefined) throw error;
    totals.vanished++;
    drop(client);
  }
}

function turn(listener: number, seconds: number): void {
  const before = clients.size;
  let mayAccept = false;
  for (const [fd] of ep.poll(unfinished.size > 0 ? 0 : seconds, 1024)) {
    const client = clients.get(fd);
    if (client !== undefined) serve(client);
    else mayAccept ||= fd === listener;
  }
  const rest = unfinished;
  unfinished = new Set();
  for (const client of rest) serve(client);
  if (clients.size < before) setFull(listener, false);
  // Last: the numbers of this turn's events may be closed by now, and accept() reuses numbers.
  if (mayAccept) acceptAll(listener);
}

/**
 * Serves until a signal. Node runs signal handlers and timers between turns of its event loop only, so
 * the event loop gets a turn every TICK; waits are no longer than that, because a signal does not end
 * a wait (PEP 475).
 */
async function run(listener: number): Promise<void> {
  let due = performance.now();
  while (!stop.signal.aborted) {
    turn(listener, TICK);
    if (performance.now() < due) continue;
    due = performance.now() + TICK * 1000;
    setFull(listener, false);
    await new Promise(setImmediate);
  }
}

const { values } = parseArgs({
  options: {
    host: { type: "string", default: "127.0.0.1" },
    port: { type: "string", default: "0" },
  },
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => stop.abort());
}

const listener = open(values.host, Number(values.port));
const [host, port] = os.getsockname(listener);
console.log(`listening on ${host} port ${port}`);
await run(listener);
os.close(listener);
for (const client of clients.values()) os.close(client.fd);
ep.close();
console.log(
  `stopped: ${totals.accepted} clients, ${totals.vanished} vanished, ${totals.bytes} bytes echoed`,
);
