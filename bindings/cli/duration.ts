// Durations on the command line: 500ms, 5s, 2m, 1h, or a number of seconds.

import { UsageError } from "./failure.ts";

const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/**
 * Returns a duration in ms.
 *
 * @param name the name of the argument, for the message
 * @throws {UsageError} if the text is not a duration
 */
export function durationOf(text: string, name: string): number {
  const [, number, unit = "s"] = /^(\d+(?:\.\d*)?|\.\d+)(ms|s|m|h)?$/.exec(text) ?? [];
  const duration = Number(number) * (UNITS[unit] ?? Number.NaN);
  if (Number.isFinite(duration)) return duration;
  throw new UsageError(
    `${name}: not a duration: ${JSON.stringify(text)} (500ms, 5s, 2m, 1h, or a number of seconds)`,
  );
}
