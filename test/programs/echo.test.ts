// examples/echo-server.ts under examples/echo-load.ts, and where it runs out of descriptors.

import { connect } from "node:net";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { exampleOf, type Running, start, startProgram } from "../support/spawned.ts";

const SERVER = exampleOf("echo-server");
const LOAD = exampleOf("echo-load");

/** A server with at most `descriptors`, and the port it has. */
async function serve(descriptors: number): Promise<{ server: Running; port: string }> {
  const script = `ulimit -Sn ${descriptors}; exec "$0" "$1"`;
  const server = startProgram("sh", ["-c", script, process.execPath, SERVER]);
  let output = "";
  const port = new Promise<string>((resolve) => {
    server.child.stdout?.on("data", (text: string) => {
      output += text;
      const found = /port (\d+)\n/.exec(output)?.[1];
      if (found !== undefined) resolve(found);
    });
  });
  const failed = server.ended.then(({ stderr }) => Promise.reject(new Error(stderr)));
  return { server, port: await Promise.race([port, failed]) };
}

/** Whether a connection gets its byte back; `undefined` while that has not happened. */
function echoed(port: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(Number(port), "127.0.0.1");
    socket.on("error", () => resolve(false));
    socket.on("data", () => {
      resolve(true);
      socket.destroy();
    });
    socket.write("x");
  });
}

test("300 connections, some of which misbehave, get every byte back", async () => {
  const { server, port } = await serve(1024);
  const load = await start([LOAD, "--port", port, "--connections", "300", "--seconds", "3"]).ended;
  server.child.kill("SIGTERM");
  const ended = await server.ended;

  assert.is(load.stderr, "");
  assert.is(load.status, 0, load.stdout);
  const figures = JSON.parse(load.stdout) as Record<string, number>;
  assert.is(figures["wrong"], 0);
  assert.is(figures["missing"], 0);
  assert.ok((figures["connected"] ?? 0) >= 300);
  assert.is(ended.status, 0, ended.stderr);
  assert.match(ended.stdout, /\nstopped: \d+ clients, \d+ vanished, \d+ bytes echoed\n$/);
});

test("without descriptors for new clients it serves the old, and the new ones later", async () => {
  const { server, port } = await serve(40);
  const answers = await Promise.all(Array.from({ length: 100 }, () => echoed(port)));
  server.child.kill("SIGINT");
  const { status, stdout } = await server.ended;
  assert.ok(answers.every(Boolean));
  assert.match(stdout, /stopped: 100 clients/);
  assert.is(status, 0);
});

test.run();
