// The reports of a test file while it runs: a line of JSON for each event, on a channel of its own. The runner
// (run.ts) reads these lines, and not the text that uvu prints.

/** How a test ended. */
export type Result = "passed" | "failed" | "skipped";

/** A test that ended. */
export interface TestEvent {
  readonly type: "test";
  /** Title of the suite; empty for the tests of a file without suites. */
  readonly suite: string;
  /** Name of the test; empty for a test that was skipped without a name. */
  readonly name: string;
  readonly result: Result;
  readonly ms: number;
  /** Message of the error that a failed test threw. */
  readonly message?: string;
  /** The rest of that error: where it was thrown. */
  readonly stack?: string;
}

/** An event in a test file. */
export type Event =
  | TestEvent
  /** A test begins. So the report of a file that is killed names the test that ran. */
  | { readonly type: "begin"; readonly suite: string; readonly name: string }
  /** A hook threw. uvu ends a suite quietly whose `before` hook throws. */
  | {
      readonly type: "hook";
      readonly suite: string;
      readonly hook: string;
      readonly message: string;
    }
  /** A test is marked `.only`, which leaves out all others. */
  | { readonly type: "only"; readonly name: string }
  /** Every suite that was run has ended. */
  | { readonly type: "done" }
  /** The process ends. */
  | {
      readonly type: "exit";
      /** Tests of suites whose `.run()` was never called. */
      readonly left: readonly string[];
      /** Processor time of the process and of the children that it waited for. */
      readonly cpuMs: number;
    };

/** Where an environment names the channel: a descriptor, or in a browser a function. */
export const CHANNEL = "OMNIPOLL_REPORT";
