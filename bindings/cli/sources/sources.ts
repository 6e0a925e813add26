// The kinds of sources: KIND or KIND:REST on the command line. Each group of kinds has a file.

import { descriptorSource, fileSource, fifoSource, stdinSource } from "./descriptors.ts";
import { UsageError } from "../failure.ts";
import { interfaceSource, pathSource, processSource, signalSource } from "./knotes.ts";
import { listenSource, tcpSource } from "./sockets.ts";
import type { Source, SourceMaker } from "./source.ts";
import { timerSource } from "./timers.ts";

const KINDS: Record<string, SourceMaker> = {
  stdin: stdinSource,
  fd: descriptorSource,
  file: fileSource,
  fifo: fifoSource,
  tcp: tcpSource,
  listen: listenSource,
  timer: timerSource,
  pid: processSource,
  signal: signalSource,
  path: pathSource,
  net: interfaceSource,
};

/**
 * Makes the source that `text` describes, without opening it.
 *
 * @throws {UsageError} if `text` is not a source
 */
export function sourceOf(text: string): Promise<Source> | Source {
  const colon = text.indexOf(":");
  const kind = colon < 0 ? text : text.slice(0, colon);
  const make = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
  if (make === undefined) {
    const known = Object.keys(KINDS).join(", ");
    throw new UsageError(`${JSON.stringify(text)}: not a source; there are: ${known}`);
  }
  return make(text, colon < 0 ? "" : text.slice(colon + 1));
}
