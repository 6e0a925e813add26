// Garbage, and the callbacks that the engine makes when it has collected it.

import { eventually } from "./world.ts";

const collect = (globalThis as { gc?: () => void }).gc;

/** Collects garbage. The callbacks of collected objects come later, when the event loop runs. */
function collectNow(): void {
  if (collect === undefined) throw new Error("run with --expose-gc, as test/run.ts does");
  collect();
}

/**
 * Collects garbage until `done` holds, for a minute at most. Without a condition the function collects until
 * its own garbage has been collected: the callbacks of earlier garbage have then begun.
 */
export async function collected(done?: () => boolean): Promise<void> {
  let isGone = false;
  const registry = new FinalizationRegistry(() => (isGone = true));
  (() => registry.register({}, undefined))();
  await eventually(() => {
    collectNow();
    return done?.() ?? isGone;
  });
  // Callbacks of other registries may come after those of this registry.
  await new Promise((resolve) => setTimeout(resolve, 5));
}
