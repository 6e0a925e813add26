// WebAssembly binaries as tests need them: read (signatures), changed (a global, the limit of
// the memory) and made (a module that passes its arguments on to its imports).

/** Parameters and results, e.g. ["i32", "f64"] and ["i32"]. */
export interface Signature {
  readonly params: readonly string[];
  readonly results: readonly string[];
}

interface Section {
  readonly id: number;
  readonly body: Uint8Array;
}

interface Entry {
  readonly name: string;
  readonly signature: Signature;
}

const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const TYPE = 1;
const IMPORT = 2;
const FUNCTION = 3;
const MEMORY = 5;
const GLOBAL = 6;
const EXPORT = 7;
const CODE = 10;

const KIND_FUNCTION = 0;
const KIND_MEMORY = 2;
const KIND_GLOBAL = 3;

const VALUE_TYPES: Record<number, string> = { 0x7f: "i32", 0x7e: "i64", 0x7d: "f32", 0x7c: "f64" };
const FUNCTION_TYPE = 0x60;
const I32_CONST = 0x41;
const F64_CONST = 0x44;
const LOCAL_GET = 0x20;
const CALL = 0x10;
const END = 0x0b;

/** Reads the numbers, names and vectors of the binary format. */
class Reader {
  readonly bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  byte(): number {
    return this.bytes[this.at++] as number;
  }

  /** LEB128. */
  u32(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }

  take(count: number): Uint8Array {
    this.at += count;
    return this.bytes.slice(this.at - count, this.at);
  }

  name(): string {
    return new TextDecoder().decode(this.take(this.u32()));
  }

  vector<Item>(read: () => Item): Item[] {
    return Array.from({ length: this.u32() }, read);
  }
}

function u32(value: number): number[] {
  return value < 0x80 ? [value] : [(value % 0x80) | 0x80, ...u32(Math.floor(value / 0x80))];
}

function name(text: string): number[] {
  return [...u32(text.length), ...new TextEncoder().encode(text)];
}

function bytesOf(...parts: ReadonlyArray<number | readonly number[]>): number[] {
  return parts.flat();
}

function vector(items: readonly number[][]): number[] {
  return [...u32(items.length), ...items.flat()];
}

function sectionsOf(binary: Uint8Array): Section[] {
  const reader = new Reader(binary);
  reader.take(HEADER.length);
  const sections: Section[] = [];
  while (reader.at < binary.length) {
    const id = reader.byte();
    sections.push({ id, body: reader.take(reader.u32()) });
  }
  return sections;
}

function binaryOf(sections: readonly Section[]): Uint8Array<ArrayBuffer> {
  const parts = sections.map(({ id, body }) => bytesOf(id, u32(body.length), [...body]));
  return Uint8Array.from([...HEADER, ...parts.flat()]);
}

function readerOf(binary: Uint8Array, id: number): Reader {
  return new Reader(
    sectionsOf(binary).find((section) => section.id === id)?.body ?? Uint8Array.of(0),
  );
}

function replaced(
  binary: Uint8Array,
  id: number,
  body: readonly number[],
): Uint8Array<ArrayBuffer> {
  const sections = sectionsOf(binary);
  return binaryOf(
    sections.map((section) => (section.id === id ? { id, body: Uint8Array.from(body) } : section)),
  );
}

/** Names and signatures of the functions that a binary imports and exports. */
export function functionsOf(binary: Uint8Array): { imports: Entry[]; exports: Entry[] } {
  const typeSection = readerOf(binary, TYPE);
  const valueType = (): string => VALUE_TYPES[typeSection.byte()] ?? "other";
  const types = typeSection.vector((): Signature => {
    typeSection.byte();
    return { params: typeSection.vector(valueType), results: typeSection.vector(valueType) };
  });

  const importSection = readerOf(binary, IMPORT);
  const imports = importSection.vector((): Entry => {
    importSection.name();
    const entry = importSection.name();
    if (importSection.byte() !== KIND_FUNCTION) throw new Error(`${entry} is no function`);
    return { name: entry, signature: types[importSection.u32()] as Signature };
  });

  const functionSection = readerOf(binary, FUNCTION);
  const defined = functionSection.vector(() => types[functionSection.u32()] as Signature);
  const signatures = [...imports.map(({ signature }) => signature), ...defined];
  const exportSection = readerOf(binary, EXPORT);
  const exports = exportSection.vector(() => ({
    name: exportSection.name(),
    kind: exportSection.byte(),
    index: exportSection.u32(),
  }));
  return {
    imports,
    exports: exports
      .filter(({ kind }) => kind === KIND_FUNCTION)
      .map((entry) => ({ name: entry.name, signature: signatures[entry.index] as Signature })),
  };
}

/** A binary whose exported constant has another value, 0 to 63. */
export function withGlobal(
  binary: Uint8Array,
  exported: string,
  value: number,
): Uint8Array<ArrayBuffer> {
  const exportSection = readerOf(binary, EXPORT);
  const index = exportSection
    .vector(() => [exportSection.name(), exportSection.byte(), exportSection.u32()] as const)
    .find(([entry, kind]) => entry === exported && kind === KIND_GLOBAL)?.[2];
  if (index === undefined) throw new Error(`no global ${exported} is exported`);

  const reader = readerOf(binary, GLOBAL);
  let current = -1;
  const globals = reader.vector((): number[] => {
    current++;
    const start = reader.at;
    reader.take(2);
    const code = reader.byte();
    if (code === F64_CONST) reader.take(8);
    else if (code === I32_CONST) reader.u32();
    else throw new Error("not a constant of a known type");
    if (reader.byte() !== END) throw new Error("not a constant");
    const bytes = Array.from(reader.bytes.slice(start, reader.at));
    return current === index ? [...bytes.slice(0, 3), value, END] : bytes;
  });
  return replaced(binary, GLOBAL, vector(globals));
}

/** A binary whose memory cannot grow beyond `pages` of 64 KiB. */
export function withMemoryLimit(binary: Uint8Array, pages: number): Uint8Array<ArrayBuffer> {
  const reader = readerOf(binary, MEMORY);
  reader.take(2);
  return replaced(binary, MEMORY, [1, 1, ...u32(reader.u32()), ...u32(pages)]);
}

function valueTypes(types: readonly string[]): number[] {
  const codes = Object.entries(VALUE_TYPES);
  return vector(types.map((type) => [Number(codes.find(([, value]) => value === type)?.[0])]));
}

/**
 * A binary that imports functions of the module "host" and exports, under the same names, functions that
 * pass their arguments on, and a memory of one page.
 */
export function passing(functions: Readonly<Record<string, Signature>>): Uint8Array<ArrayBuffer> {
  const entries = Object.entries(functions);
  const types = entries.map(([, { params, results }]) =>
    bytesOf(FUNCTION_TYPE, valueTypes(params), valueTypes(results)),
  );
  const imports = entries.map(([entry], index) =>
    bytesOf(name("host"), name(entry), KIND_FUNCTION, u32(index)),
  );
  const exports = entries.map(([entry], index) =>
    bytesOf(name(entry), KIND_FUNCTION, u32(entries.length + index)),
  );
  const bodies = entries.map(([, { params }], index) => {
    const given = params.flatMap((_, parameter) => [LOCAL_GET, parameter]);
    const body = bytesOf(0, given, CALL, u32(index), END);
    return bytesOf(u32(body.length), body);
  });
  const sections: Array<readonly [id: number, body: number[]]> = [
    [TYPE, vector(types)],
    [IMPORT, vector(imports)],
    [FUNCTION, vector(entries.map((_, index) => u32(index)))],
    [MEMORY, [1, 0, 1]],
    [EXPORT, vector([bytesOf(name("memory"), KIND_MEMORY, 0), ...exports])],
    [CODE, vector(bodies)],
  ];
  return binaryOf(sections.map(([id, body]) => ({ id, body: Uint8Array.from(body) })));
}
