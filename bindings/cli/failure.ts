// How a command fails: with one line on standard error, and an exit status.

/** What exit statuses mean; TIMEOUT is that of timeout(1). */
export const STATUS = { DONE: 0, FAILED: 1, USAGE: 2, TIMEOUT: 124 } as const;

/** An argument that cannot be used; the message names it and its value. Exit status 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The line for standard error. */
export function lineOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const line = message.trim().split("\n")[0] ?? "";
  return line.startsWith("omnipoll") ? line : `omnipoll: ${line}`;
}

/** The exit status. */
export function statusOf(error: unknown): number {
  return error instanceof UsageError ? STATUS.USAGE : STATUS.FAILED;
}

/** What an error of the system says, without the call: "No such file or directory". */
export function reasonOf(error: unknown): string {
  const { message } = error as Error;
  // OSError: "[Errno 2] ENOENT: No such … (open, …)"; Node: "ENOENT: no such …, open '…'".
  const text = /^(?:\[Errno \d+\] )?[A-Z0-9_]+: (.*?)(?: \(.*\)|, \w+(?: .*)?)?$/.exec(
    message,
  )?.[1];
  return (text ?? message).toLowerCase();
}
