// The arguments of `npm test`: which files, and on which hosts.

import { parseArgs } from "node:util";
import { HOSTS, type HostName, NATIVE } from "../hosts/hosts.ts";

export const USAGE = `npm test                              every test file on every host
npm test -- PATTERN…                  files with a PATTERN in their path, on this machine's host
npm test -- PATTERN… --hosts a,b      on the hosts a and b
npm test -- PATTERN… --hosts all      on every host
hosts: ${HOSTS.join(", ")}
`;

export interface Wanted {
  /** Parts of the paths of files. Without any, every file is wanted. */
  readonly patterns: readonly string[];
  readonly hosts: readonly HostName[];
}

/** The arguments are wrong; the message says how. */
export class UsageError extends Error {}

function hostsOf(list: string): HostName[] {
  return list.split(",").flatMap((name) => {
    if (name === "all") return HOSTS;
    if ((HOSTS as readonly string[]).includes(name)) return [name as HostName];
    throw new UsageError(`no host is called ${JSON.stringify(name)}`);
  });
}

export function parse(given: readonly string[]): Wanted {
  let parsed;
  try {
    parsed = parseArgs({
      args: [...given],
      allowPositionals: true,
      options: { hosts: { type: "string" } },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  const patterns = parsed.positionals;
  const { hosts } = parsed.values;
  if (hosts !== undefined) return { patterns, hosts: hostsOf(hosts) };
  return { patterns, hosts: patterns.length === 0 ? HOSTS : [NATIVE] };
}
