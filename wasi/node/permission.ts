// Node's permissions: what a wait without native code takes, and the flags that allow it.

interface Permission {
  has(scope: string): boolean;
}

/** The flags by the scope that each allows. */
const FLAGS = [
  ["worker", "--allow-worker"],
  ["wasi", "--allow-wasi"],
  ["fs.read", "--allow-fs-read=*"],
] as const;

/** What only `pipe()` of omnipoll/os takes. */
const PIPE_FLAGS = [
  ["child", "--allow-child-process"],
  ["fs.write", "--allow-fs-write=*"],
] as const;

/** The error to throw for one that Node threw: under --permission, the flags that are missing. */
export function refusalOf(error: Error, isPipe = false): Error {
  const { permission } = process as NodeJS.Process & { readonly permission?: Permission };
  if (permission === undefined || (error as NodeJS.ErrnoException).code !== "ERR_ACCESS_DENIED") {
    return error;
  }
  const flags = isPipe ? [...FLAGS, ...PIPE_FLAGS] : FLAGS;
  const missing = flags.filter(([scope]) => !permission.has(scope)).map(([, flag]) => flag);
  const what = isPipe
    ? "pipe() without the native addon takes"
    : "waiting without the native addon takes";
  return new Error(
    `omnipoll: ${what} ${missing.join(" ")}; the native addon takes --allow-addons`,
    { cause: error },
  );
}
