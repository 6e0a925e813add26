// Load for the echo server: N connections that check every byte that comes back, among clients that
// misbehave.
//
//   node dist/examples/echo-load.js --port 7000 --connections 5000 --seconds 30
//
// Prints one JSON object. The exit status is 1 if a byte was wrong or missing.

import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    host: { type: "string", default: "127.0.0.1" },
    port: { type: "string" },
    connections: { type: "string", default: "300" },
    seconds: { type: "string", default: "3" },
  },
});
const PORT = Number(values.port);
const CONNECTIONS = Number(values.connections);
const SECONDS = Number(values.seconds);
/** The number of connections that are opened at once. */
const AT_ONCE = 200;
/** The longest time in ms that the last bytes may take to come back. */
const LIMIT_MS = 20_000;

/** Messages are cut out of these bytes, at random places. */
const NOISE = randomBytes(1 << 20);
const LARGEST = 16_384;

const totals = { connected: 0, bytes: 0, messages: 0, wrong: 0, missing: 0, refused: 0 };
const latencies: number[] = [];
const end = performance.now() + SECONDS * 1000;
const isOver = (): boolean => performance.now() >= end;

function random(below: number): number {
  return Math.floor(Math.random() * below);
}

function someNoise(largest = LARGEST): Buffer {
  const length = 1 + random(largest);
  const start = random(NOISE.length - length);
  return NOISE.subarray(start, start + length);
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A connected socket; null if the connection failed. */
function open(): Promise<Socket | null> {
  return new Promise((resolve) => {
    const socket = connect({ host: values.host, port: PORT, allowHalfOpen: true, noDelay: true });
    socket.once("connect", () => {
      totals.connected++;
      resolve(socket);
    });
    socket.on("error", () => {
      if (socket.connecting || socket.bytesRead + socket.bytesWritten === 0) totals.refused++;
      resolve(null);
    });
  });
}

/** Sends `message` in pieces of at most `piece` bytes, and resolves once it came back whole. */
function exchange(socket: Socket, message: Buffer, piece: number): Promise<boolean> {
  return new Promise((resolve) => {
    let at = 0;
    const settle = (whole: boolean): void => {
      socket.off("data", onData).off("close", onClose).off("end", onClose);
      resolve(whole);
    };
    const onClose = (): void => {
      totals.missing += message.length - at;
      settle(false);
    };
    const onData = (bytes: Buffer): void => {
      const isRight = message.subarray(at, at + bytes.length).equals(bytes);
      at += bytes.length;
      totals.bytes += bytes.length;
      if (!isRight) {
        totals.wrong++;
        settle(false);
      } else if (at === message.length) {
        totals.messages++;
        settle(true);
      }
    };
    socket.on("data", onData).on("close", onClose).on("end", onClose);
    for (let i = 0; i < message.length; i += piece) socket.write(message.subarray(i, i + piece));
  });
}

/** Sends at random times, waits for every answer, and half-closes in the end. */
async function politeClient(): Promise<void> {
  const socket = await open();
  if (socket === null) return;
  while (!isOver()) {
    const start = performance.now();
    if (!(await exchange(socket, someNoise(), LARGEST))) break;
    latencies.push(performance.now() - start);
    await pause(random(500));
  }
  socket.destroy();
}

/** Sends much, then FIN at once, and must receive all of it and then FIN. */
async function halfClosingClient(): Promise<void> {
  while (!isOver()) {
    const socket = await open();
    if (socket === null) return;
    const message = NOISE.subarray(0, 200_000 + random(300_000));
    const whole = exchange(socket, message, LARGEST);
    socket.end();
    await whole;
    if (!socket.readableEnded && !socket.closed) {
      await new Promise((resolve) => socket.once("end", resolve).once("close", resolve));
    }
    socket.destroy();
    await pause(random(200));
  }
}

/** Sends byte by byte. */
async function slowClient(): Promise<void> {
  const socket = await open();
  if (socket === null) return;
  while (!isOver()) {
    for (const byte of someNoise(20)) {
      if (!(await exchange(socket, Buffer.of(byte), 1))) return;
    }
    await pause(random(50));
  }
  socket.destroy();
}

/** Sends and resets the connection without reading. */
async function vanishingClient(): Promise<void> {
  while (!isOver()) {
    const socket = await open();
    if (socket === null) return;
    socket.write(someNoise());
    await pause(random(20));
    socket.resetAndDestroy();
    await pause(random(200));
  }
}

/** Sends as much as it can and never reads. */
async function deafClient(): Promise<void> {
  const socket = await open();
  if (socket === null) return;
  socket.pause();
  while (!isOver()) {
    if (!socket.writableNeedDrain) socket.write(someNoise());
    await pause(10);
  }
  socket.resetAndDestroy();
}

/** Of twenty clients, sixteen are polite. */
const KINDS = [halfClosingClient, slowClient, vanishingClient, deafClient];

const started = performance.now();
const running: Promise<void>[] = [];
for (let i = 0; i < CONNECTIONS; i++) {
  running.push((i % 5 === 0 ? (KINDS[(i / 5) % KINDS.length] ?? politeClient) : politeClient)());
  if (i % AT_ONCE === AT_ONCE - 1) {
    while (totals.connected + totals.refused < i / 2) await pause(1);
    await pause(10);
  }
}
const timer = setTimeout(
  () => {
    console.error("echo-load: some answers never came");
    process.exit(1);
  },
  SECONDS * 1000 + LIMIT_MS * 2,
);
await Promise.all(running);
clearTimeout(timer);

latencies.sort((a, b) => a - b);
const percentile = (p: number): number =>
  Math.round((latencies[Math.floor((latencies.length - 1) * p)] ?? 0) * 100) / 100;
const seconds = (performance.now() - started) / 1000;
console.log(
  JSON.stringify({
    connections: CONNECTIONS,
    seconds: Math.round(seconds * 10) / 10,
    ...totals,
    mb_per_second: Math.round(totals.bytes / seconds / 1e4) / 100,
    latency_ms: { p50: percentile(0.5), p99: percentile(0.99), max: percentile(1) },
  }),
);
process.exit(totals.wrong + totals.missing + totals.refused === 0 ? 0 : 1);
