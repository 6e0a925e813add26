// Warnings of Node that would tell a program of its own fallback.

/** Calls `call` without the warnings that Node gives in it. */
export function quietly<Result>(call: () => Result): Result {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return call();
  } finally {
    process.emitWarning = emitWarning;
  }
}
