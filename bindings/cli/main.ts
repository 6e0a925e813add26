#!/usr/bin/env node
// The command line. Each command is imported when it runs: the package cannot be imported without its
// native addon, but `omnipoll --help` and `omnipoll doctor` work even then.

import { readFileSync } from "node:fs";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { durationOf } from "./duration.ts";
import { lineOf, STATUS, statusOf, UsageError } from "./failure.ts";
import { type Api, APIS } from "./masks.ts";
import { complain, print } from "./output.ts";

const PACKAGE = new URL("../../../package.json", import.meta.url);

const WAIT_HELP = `
Sources:
  stdin                standard input: data, or the end of the data
  fd:N[:MODES]         a descriptor; MODES of r (the default), w and x (urgent)
  file:PATH            a device, a terminal, or any file
  fifo:PATH            a FIFO, which keeps data only while a process has it open
  tcp:HOST:PORT        a server that accepts; tried every 100 ms; [IPv6]
  listen:[HOST:]PORT   a connection, which is closed at once
  timer:DURATION       a time from now: 500ms, 1.5s, 2m, 1h, or seconds
  pid:NUMBER           the end of a process, child or not, and its status
  signal:NAME          a signal to this process: USR1, SIGUSR1, or a number
  path:FILE[:NOTES]    changes of a file or directory: write, extend, attrib,
                       link, rename, delete, revoke (default: all)
  net:INTERFACE        the link of a network interface: up, down, gone

A signal that is a source loses its default action, so that it does not end
the process. pid, signal, path and net are kevents; the other APIs wait for
the descriptor of a kqueue. The wait reads no data from a descriptor, and
makes no descriptor non-blocking.

With --count N, the wait prints N lines. A timer, a process, a server, a
regular file and a descriptor that hung up report once; the wait ends when
every source has reported. Other sources report again on new activity: with
--api epoll and kqueue, on any new activity; with poll, select and devpoll,
after they were not ready in between (tested every 50 ms), because these APIs
cannot tell new input from old. For kqueue, a regular file is readable if it
is not empty.

Exit status: 0 after an event, 124 after the timeout, 2 for wrong arguments,
1 for any other failure.

Examples:
  omnipoll wait --timeout 30s tcp:localhost:5432 && ./migrate
  omnipoll wait stdin timer:5s
  make & omnipoll wait --json pid:$! listen:8080
  omnipoll wait --count 3 path:/etc/hosts:write,delete signal:HUP net:eth0
  exec 3<>/tmp/queue; omnipoll wait fd:3 && read line <&3
`;

interface WaitFlags {
  readonly api: Api;
  readonly timeout?: number;
  readonly count: number;
  readonly json?: true;
}

function version(): string {
  return (JSON.parse(readFileSync(PACKAGE, "utf8")) as { version: string }).version;
}

/** Converts the value of --timeout. */
function timeoutOf(text: string): number {
  return durationOf(text, "--timeout");
}

function countOf(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count > 0 && Number.isSafeInteger(count)) return count;
  throw new InvalidArgumentError("It must be a whole number from 1.");
}

function createProgram(): Command {
  const program = new Command("omnipoll")
    .description(
      "Waits for descriptors, connections, processes and time, through any API of select.",
    )
    .version(version())
    .exitOverride()
    .showSuggestionAfterError(false)
    .configureOutput({
      writeOut: print,
      writeErr: complain,
      outputError: (text, write) => write(`${lineOf(text.replace(/^error: /, ""))}\n`),
    });

  program
    .command("wait")
    .summary("wait for the first of several things to happen")
    .description(
      "Waits for the first of several things to happen, and prints a line for each event.",
    )
    .argument("[source...]", "sources of events, see below")
    .addOption(new Option("--api <api>", "the API to wait with").choices(APIS).default("epoll"))
    .option("--timeout <duration>", "give up after this long", timeoutOf)
    .option("--count <n>", "the number of events to wait for", countOf, 1)
    .option("--json", "print each event as a JSON object on a line of its own")
    .addHelpText("after", WAIT_HELP)
    .action(async (sources: string[], flags: WaitFlags) => {
      const { wait } = await import("./wait.ts");
      const timeout = flags.timeout ?? Number.POSITIVE_INFINITY;
      process.exitCode = await wait(sources, { ...flags, timeout, json: flags.json === true });
    });

  program
    .command("doctor")
    .summary("print what serves each API here, and what is wrong")
    .description(
      "Prints the host in use and the reason, the server of each API, and what is wrong.",
    )
    .option("--json", "print a JSON object")
    .action(async (flags: { json?: true }) => {
      const { doctor } = await import("./doctor/doctor.ts");
      process.exitCode = await doctor(version(), flags.json === true);
    });

  program
    .command("demo")
    .summary("wait for descriptors of every kind through all five APIs")
    .description("Waits for descriptors of every kind through all five APIs, in a few seconds.")
    .action(async () => {
      const { demo } = await import("./demo/demo.ts");
      process.exitCode = await demo();
    });

  return program;
}

/** Runs a command, and sets the exit status of the process. */
async function main(args: readonly string[]): Promise<void> {
  const program = createProgram();
  try {
    if (args.length === 0)
      throw new UsageError("a command is missing: wait, doctor or demo; see omnipoll --help");
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has printed its message. --help and --version end here, too.
      process.exitCode = error.exitCode === 0 ? STATUS.DONE : STATUS.USAGE;
      return;
    }
    complain(`${lineOf(error)}\n`);
    process.exitCode = statusOf(error);
  }
}

await main(process.argv.slice(2));
