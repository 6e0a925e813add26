// node:child_process in a browser: every program is missing.

const missing = (program: string): Error =>
  Object.assign(new Error(`spawn ${program} ENOENT`), { code: "ENOENT" });

export function spawnSync(program: string): object {
  return { status: null, signal: null, stdout: null, stderr: null, error: missing(program) };
}

export function spawn(program: string): never {
  throw missing(program);
}
