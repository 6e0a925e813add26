// Promises of calls that wait while the thread goes on.

/** Lets all tasks run that are due. */
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** Whether a promise is still pending after some turns of the event loop. */
export async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let pending = true;
  const done = (): void => void (pending = false);
  promise.then(done, done);
  for (let i = 0; i < 5; i++) await turn();
  return pending;
}
