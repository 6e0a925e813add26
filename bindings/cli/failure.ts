// Failures of a command: one line on standard error, and an exit status.

/** Exit statuses. TIMEOUT is that of timeout(1). */
export const STATUS = { DONE: 0, FAILED: 1, USAGE: 2, TIMEOUT: 124 } as const;

/** A wrong argument; the message names the argument and its value. Exit status 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Returns the line for standard error. */
export function lineOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const line = message.trim().split("\n")[0] ?? "";
  return line.startsWith("omnipoll") ? line : `omnipoll: ${line}`;
}

/** Returns the exit status. */
export function statusOf(error: unknown): number {
  return error instanceof UsageError ? STATUS.USAGE : STATUS.FAILED;
}

/** Whether an error says that the host lacks a call. */
export function isAbsence(error: unknown): boolean {
  return (error as { readonly code?: string }).code === "ENOSYS";
}

/** Returns the text of a system's error without the call: "no such file or directory". */
export function reasonOf(error: unknown): string {
  if (isAbsence(error)) return "not on this host";
  const { message } = error as Error;
  // OSError: "[Errno 2] ENOENT: No such … (open, …)"; Node: "ENOENT: no such …, open '…'".
  const text = /^(?:\[Errno \d+\] )?[A-Z0-9_]+: (.*?)(?: \(.*\)|, \w+(?: .*)?)?$/.exec(
    message,
  )?.[1];
  return (text ?? message).toLowerCase();
}
