// omnipoll doctor: the host in use and the reason, the server of each API, and the problems.

import { lineOf, STATUS } from "../failure.ts";
import { complain, print } from "../output.ts";
import type { Check, Facts, Finding, Subject } from "./check.ts";
import { CHECKS } from "./checks.ts";

/** Width of the names in the report, with a blank behind the longest. */
const NAME_WIDTH = 11;

/** The report of all checks. */
export interface Report {
  /** A line for each check that had something to say. */
  readonly text: string;
  /** The facts of all checks, and `problem` if anything is wrong. */
  readonly facts: Facts;
  /** The problem in one line; undefined if all is well. */
  readonly problem: string | undefined;
}

const withoutName = (error: unknown): string => lineOf(error).replace(/^omnipoll: /, "");

/** Runs one check. A check that throws has found a problem. */
function findingOf(check: Check, subject: Subject): Finding | undefined {
  try {
    return check.examine(subject);
  } catch (error) {
    const text = withoutName(error);
    return { facts: {}, text: `unknown: ${text}`, problem: `${check.name}: ${text}` };
  }
}

/** Adds facts to the object; facts that several checks have in one place stand beside each other. */
function merge(into: Facts, facts: Facts): void {
  for (const [name, value] of Object.entries(facts)) {
    const known = into[name];
    const isObject = typeof known === "object" && known !== null;
    into[name] = isObject ? { ...known, ...(value as object) } : value;
  }
}

/**
 * Runs checks, one after the other.
 *
 * @param failure why the package cannot be loaded, if so
 */
export function examine(checks: readonly Check[], subject: Subject, failure?: string): Report {
  const facts: Facts = {};
  const problems = failure === undefined ? [] : [failure];
  let text = "";
  for (const check of checks) {
    const finding = findingOf(check, subject);
    if (finding === undefined) continue;
    merge(facts, finding.facts);
    text += `${check.name.padEnd(NAME_WIDTH)}${finding.text}\n`;
    if (finding.problem !== undefined) problems.push(finding.problem);
  }
  const problem = problems.length === 0 ? undefined : problems.join("; ");
  if (problem !== undefined) facts["problem"] = problem;
  return { text, facts, problem };
}

/** Loads the package, which fails without an addon or with an unknown OMNIPOLL_HOST. */
async function load(version: string): Promise<[subject: Subject, failure?: string]> {
  const wanted = process.env["OMNIPOLL_HOST"] || null;
  try {
    const omnipoll = await import("../../node/select.ts");
    const os = await import("../../node/os.ts");
    return [{ version, wanted, loaded: { omnipoll, os } }];
  } catch (error) {
    return [{ version, wanted, loaded: undefined }, withoutName(error)];
  }
}

/** Prints the report, and returns the exit status: 1 if there is a problem. */
export async function doctor(version: string, json: boolean): Promise<number> {
  const { text, facts, problem } = examine(CHECKS, ...(await load(version)));
  print(json ? `${JSON.stringify(facts)}\n` : text);
  if (problem === undefined) return STATUS.DONE;
  complain(`omnipoll: ${problem}\n`);
  return STATUS.FAILED;
}
