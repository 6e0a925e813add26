// What a host leaves out, as the tables of skips.ts and wasi-skips.ts say it.

import type { OtherHost } from "./hosts.ts";

/** Files that do not run on some hosts. */
export interface LeftOut {
  readonly hosts: readonly OtherHost[];
  readonly files: readonly string[];
  readonly reason: string;
}

export function leftOut(
  hosts: readonly OtherHost[],
  reason: string,
  ...files: readonly string[]
): LeftOut {
  return { hosts, files, reason };
}

/** A test that fails on a host. */
export interface Skip {
  readonly host: OtherHost;
  readonly file: string;
  /** The beginning of its name. */
  readonly test: string;
  readonly reason: string;
}

export function skips(
  hosts: readonly OtherHost[],
  file: string,
  reason: string,
  ...tests: readonly string[]
): Skip[] {
  return hosts.flatMap((host) => tests.map((test) => ({ host, file, test, reason })));
}

/** Tests of recordings.test.ts, which replay programs that CPython ran on Linux. */
export function recorded(
  hosts: readonly OtherHost[],
  reason: string,
  ...names: readonly string[]
): Skip[] {
  return skips(
    hosts,
    "conformance/recordings",
    reason,
    ...names.map((name) => `as CPython, ${name}.`),
  );
}
