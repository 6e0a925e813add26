// The memory of a plugin is its own, so that its module says how large it may grow. This writes a smaller maximum
// into the module. The same for its table of functions, which is memory of the host, too.
//
// https://webassembly.github.io/spec/core/binary/modules.html

const [TABLES, MEMORIES] = [4, 5];
const HEADER = 8;
const PAGE = 65_536;
/** Entries that the table of a plugin may have. */
const MOST_ENTRIES = 65_536;
const HAS_MAXIMUM = 1;

/** Reads the bytes of a module in turn. */
class Reader {
  readonly #bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  get isAtEnd(): boolean {
    return this.at >= this.#bytes.length;
  }

  byte(): number {
    const byte = this.#bytes[this.at++];
    if (byte === undefined) throw new Error("the module ends in the middle of a section");
    return byte;
  }

  /** An unsigned LEB128 of at most 32 bits. */
  number(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new Error("a number of the module has more than 32 bits");
  }
}

function leb128(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return [...bytes, rest];
}

/** Reads limits and returns them with a maximum of at most `most`. */
function limited(reader: Reader, most: number, what: string): number[] {
  const flags = reader.byte();
  // Not of 64 bits; nor shared, for which WebAssembly has a wait of its own (memory.atomic.wait32).
  if (flags & ~HAS_MAXIMUM) throw new Error(`${what} is of a kind that no plugin may have`);
  const least = reader.number();
  const own = flags & HAS_MAXIMUM ? reader.number() : most;
  if (least > most) throw new Error(`${what} begins with ${least}, and the most is ${most}`);
  return [flags | HAS_MAXIMUM, ...leb128(least), ...leb128(Math.min(own, most))];
}

/** The one entry of a section, with limits. */
function entryOf(reader: Reader, section: number, pages: number): number[] {
  const count = reader.number();
  if (count > 1) throw new Error("a plugin may have one memory and one table");
  if (count === 0) return [0];
  if (section === MEMORIES) return [1, ...limited(reader, pages, "the memory, in pages,")];
  return [1, reader.byte(), ...limited(reader, MOST_ENTRIES, "the table")];
}

/**
 * The module with a memory that cannot grow beyond `mostBytes`, and a table of at most 65,536 entries.
 *
 * @throws {Error} if the module begins with more, has several memories or tables, or is no module
 */
export function withLimits(module: Uint8Array, mostBytes: number): Uint8Array<ArrayBuffer> {
  const pages = Math.floor(mostBytes / PAGE);
  const parts: Uint8Array[] = [module.subarray(0, HEADER)];
  const reader = new Reader(module, HEADER);
  while (!reader.isAtEnd) {
    const start = reader.at;
    const section = reader.byte();
    const length = reader.number();
    const end = reader.at + length;
    if (section === TABLES || section === MEMORIES) {
      const entry = entryOf(reader, section, pages);
      if (reader.at !== end)
        throw new Error("the module has a memory or a table of an unknown kind");
      parts.push(Uint8Array.from([section, ...leb128(entry.length), ...entry]));
    } else {
      parts.push(module.subarray(start, end));
    }
    reader.at = end;
  }
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
