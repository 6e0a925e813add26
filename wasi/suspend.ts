// JSPI: imports for which the stack of a guest is suspended (WebAssembly.Suspending). TypeScript 7 has no
// declarations of it.

/** The constructor of JSPI's imports. */
type SuspendingConstructor = new (call: (...given: number[]) => Promise<number>) => unknown;

/**
 * An import for which the guest is suspended until the promise of `call` is settled. The exports of the guest
 * that call it must be wrapped with `WebAssembly.promising`.
 *
 * @param what names the import in the error
 * @throws {Error} where JavaScript has no JSPI
 */
export function suspendingImport(
  what: string,
  call: (...given: number[]) => Promise<number>,
): unknown {
  const { Suspending } = WebAssembly as unknown as { Suspending?: SuspendingConstructor };
  if (Suspending === undefined) {
    throw new Error(
      `${what}: this JavaScript has no JSPI (WebAssembly.Suspending): Node 24, Chromium 137, Deno and Bun have it`,
    );
  }
  return new Suspending(call);
}
