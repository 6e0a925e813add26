// Globals of Node that tests use, in a browser. The package loads before them.

type Encoding = "utf8" | "hex" | "latin1";

/** Bytes that convert to text in an encoding. */
class Bytes extends Uint8Array {
  override toString(encoding: Encoding = "utf8"): string {
    if (encoding === "utf8") return new TextDecoder("utf-8", { ignoreBOM: true }).decode(this);
    if (encoding === "latin1") return String.fromCharCode(...this);
    return Array.from(this, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  write(text: string): number {
    const bytes = new TextEncoder().encode(text).subarray(0, this.length);
    this.set(bytes);
    return bytes.length;
  }
}

function bytesOf(text: string, encoding: Encoding = "utf8"): ArrayLike<number> {
  if (encoding === "utf8") return new TextEncoder().encode(text);
  if (encoding === "latin1") return Array.from(text, (letter) => letter.charCodeAt(0));
  return (text.match(/../g) ?? []).map((digits) => Number.parseInt(digits, 16));
}

/** The part of Buffer that tests use. */
export const Buffer = {
  from(source: string | ArrayLike<number> | ArrayBuffer, given?: any, length?: number): Bytes {
    if (typeof source === "string") return new Bytes(bytesOf(source, given));
    if ("byteLength" in source && !ArrayBuffer.isView(source)) {
      return new Bytes(source, given, length);
    }
    return new Bytes(source as ArrayLike<number>);
  },
  of: (...bytes: readonly number[]): Bytes => new Bytes(bytes),
  alloc: (size: number, value = 0): Bytes => new Bytes(size).fill(value),
  concat: (parts: readonly Uint8Array[]): Bytes => new Bytes(parts.flatMap((part) => [...part])),
  isBuffer: (value: unknown): boolean => value instanceof Bytes,
};

let asleepMs = 0;
const { wait } = Atomics;
Atomics.wait = ((...given: Parameters<typeof wait>) => {
  const begun = performance.now();
  try {
    return wait(...given);
  } finally {
    asleepMs += performance.now() - begun;
  }
}) as typeof wait;

type Exit = () => void;
const exits: Exit[] = [];
let output = "";

/** The text that the file has printed. */
export const printed = (): string => output;

export function print(text: string): void {
  output += text;
}

/** Calls the listeners of the exit. */
export function exit(): void {
  for (const listener of exits) listener();
}

const process = {
  pid: 1234,
  argv: [] as string[],
  env: { FORCE_COLOR: "0" } as Record<string, string>,
  exitCode: 0,
  stdout: { write: print },
  on: (event: string, listener: Exit) => void (event === "exit" && exits.push(listener)),
  /** A browser sends no signals. */
  once: () => {},
  /** Seconds and nanoseconds since a time, or since the start of the clock. */
  hrtime([s, ns]: readonly [number, number] = [0, 0]): [number, number] {
    const passed = performance.now() - (s * 1e3 + ns / 1e6);
    return [Math.floor(passed / 1e3), (passed % 1e3) * 1e6];
  },
  /** The time in which the thread did not sleep, as an upper bound of its processor time. */
  cpuUsage({ user }: { user: number } = { user: 0 }): { user: number; system: number } {
    return { user: (performance.now() - asleepMs) * 1e3 - user, system: 0 };
  },
  /** A simulation has no umask. */
  umask: () => 0o022,
};

Object.assign(globalThis, { Buffer, process });
