// A runtime in which the probe runs. This file has the one that needs no package, so that it runs on any host.

import type { AdapterOptions } from "../../../wasi/adapters/imports.ts";
import * as os from "../../../bindings/node/os.ts";
import * as select from "../../../bindings/node/select.ts";
import { createPollOneoff } from "../../../wasi/oneoff.ts";
import { createGuest } from "../../../wasi/guest/guest.ts";
import { Sink } from "../program.ts";
import { start, tinyRuntime } from "../tiny.ts";

/** A run of a guest. */
export interface Run {
  readonly module: WebAssembly.Module;
  /** The arguments, the name of the program first. */
  readonly args: string[];
  /** The descriptors of the host by the guest's numbers. Its standard output is the runtime's to keep. */
  readonly fds: ReadonlyMap<number, number>;
  readonly badf: "event" | "call";
  /** To be called when the runtime knows the descriptors, just before the guest starts. */
  begin(): void;
}

/** A runtime for WASI guests. */
export interface Runtime {
  readonly name: string;
  /** Whether poll_oneoff is ours. */
  readonly isOurs: boolean;
  /** The guest's numbers for which the runtime takes a descriptor of the host; all of them by default. */
  readonly numbers?: readonly number[];
  /** Runs the guest until it ends. Returns what it wrote to its standard output. */
  run(run: Run): Promise<string>;
}

/** What an adapter is given, and how an instance with its imports is made. */
export interface Ours {
  readonly options: AdapterOptions;
  instantiate(imports: object): Promise<WebAssembly.Instance>;
}

/** A runtime with an adapter of ours, whose guest writes to a source. */
export function withOurs(name: string, body: (run: Run, ours: Ours) => unknown): Runtime {
  return {
    name,
    isOurs: true,
    async run(run) {
      const stdout = new Sink();
      let instance: WebAssembly.Instance | undefined;
      const memory = (): WebAssembly.Memory => instance?.exports["memory"] as WebAssembly.Memory;
      const { fds, badf } = run;
      await body(run, {
        options: { select, os, memory, stdout, fds, badf },
        async instantiate(imports) {
          instance = await WebAssembly.instantiate(run.module, imports as WebAssembly.Imports);
          run.begin();
          return instance;
        },
      });
      return stdout.text;
    },
  };
}

/** createGuest alone, over the functions that the guest needs besides. */
export const bare = withOurs("createGuest", async ({ args }, { options, instantiate }) => {
  const under = tinyRuntime(options.memory as () => WebAssembly.Memory, args, select.host);
  const { imports } = createGuest({ ...options, under });
  start(await instantiate({ wasi_snapshot_preview1: { ...under, ...imports } }));
});

/** createPollOneoff alone, with createGuest's other calls. */
export const oneoff = withOurs(
  "createPollOneoff",
  async ({ args, fds }, { options, instantiate }) => {
    const { memory, stdout, badf } = options;
    const under = tinyRuntime(memory as () => WebAssembly.Memory, args, select.host);
    const { imports } = createGuest({ select, os, memory, stdout, under } as AdapterOptions);
    const poll_oneoff = createPollOneoff({ select, memory, fds, badf } as never);
    start(await instantiate({ wasi_snapshot_preview1: { ...under, ...imports, poll_oneoff } }));
  },
);
