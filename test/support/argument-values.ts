// The values of recordings/arguments.py in JavaScript, and the cases with another outcome in JavaScript.

/** A value in the form JSON can carry. */
export type Form = null | boolean | { readonly [kind: string]: unknown };

/** A number of some library. JavaScript would convert it; neither Python nor omnipoll does. */
class NumberLike {
  valueOf(): number {
    return 0;
  }
}

/** An object with a fileno() method. */
class File {
  readonly #result: () => unknown;

  constructor(result: () => unknown) {
    this.#result = result;
  }

  fileno(): unknown {
    return this.#result();
  }
}

function* generated(items: unknown[]): Generator {
  yield* items;
}

const FLOATS: Record<string, number> = { nan: NaN, inf: Infinity, "-inf": -Infinity };

/**
 * The value of a form; `fd` is the descriptor of the case, `raised` the error that a fileno() of the form
 * "raises" throws.
 */
export function valueOf(form: Form, fd: number, raised: (name: string) => Error): unknown {
  if (form === null || typeof form === "boolean") return form;
  const [kind, content] = Object.entries(form)[0] as [string, any];
  const items = (): unknown[] => (content as Form[]).map((item) => valueOf(item, fd, raised));
  switch (kind) {
    case "int": {
      const integer = BigInt(content as string);
      return Number.isSafeInteger(Number(integer)) ? Number(integer) : integer;
    }
    case "float":
      return FLOATS[content as string] ?? Number(content);
    case "str":
      return content;
    case "bytes":
      return Buffer.from(content as string);
    case "list":
      return items();
    case "tuple":
      return Object.freeze(items());
    case "set":
      return new Set([fd]);
    case "dict":
      return new Map();
    case "generator":
      return generated(items());
    case "object":
      return new WeakMap();
    case "number":
    case "index":
      return new NumberLike();
    case "fd":
      return fd;
    case "fileno": {
      const result = valueOf(content as Form, fd, raised);
      return new File(() => result);
    }
    case "raises":
      return new File(() => {
        throw raised(content as string);
      });
    default:
      throw new Error(`no such form: ${kind}`);
  }
}

/** Whether a form is a Python float that JavaScript cannot tell from an integer. */
function isWholeFloat(form: Form): boolean {
  if (form === null || typeof form === "boolean") return false;
  const inner = (form["fileno"] ?? form) as Form;
  if (inner === null || typeof inner === "boolean" || !("float" in inner)) return false;
  return Number.isInteger(Number(inner["float"]));
}

const isIndex = (form: Form): boolean =>
  form !== null && typeof form === "object" && "index" in form && form["index"] === 0;

/** Whether a form is an integer that only a bigint can hold. */
function isHuge(form: Form): boolean {
  if (form === null || typeof form === "boolean" || !("int" in form)) return false;
  return !Number.isSafeInteger(Number(form["int"]));
}

interface Difference {
  readonly reason: string;
  applies(call: string, form: Form): boolean;
  /** The outcome of omnipoll where CPython has the outcome `python`. */
  readonly outcome: string | ((call: string, python: string) => string);
}

/** The cases in which the outcome of omnipoll is not CPython's, and the reasons. */
export const DIFFERENCES: readonly Difference[] = [
  {
    reason: "1.0 and 1 are the same value in JavaScript",
    applies: (call, form) => isWholeFloat(form) && !call.endsWith("_timeout"),
    outcome: (call) => WHOLE_FLOAT[call] as string,
  },
  {
    reason: "JavaScript has no __index__: an object is no number",
    applies: (call, form) => isIndex(form) && !call.endsWith("_fd"),
    outcome: "TypeError",
  },
  {
    reason: "a descriptor is a number: the bigint of a huge integer is a TypeError",
    applies: (call, form) => call.endsWith("_fd") && isHuge(form),
    outcome: "TypeError",
  },
  {
    reason: "select() has no limit of FD_SETSIZE here: the descriptor is not open",
    applies: (call, form) =>
      call === "select_fd" && JSON.stringify(form) === '{"int":"2147483647"}',
    outcome: "OSError EBADF",
  },
  {
    reason: "Linux overlooks numbers above the process's table in an fd_set; poll(2) does not",
    applies: (call, form) => call.startsWith("select_") && JSON.stringify(form).includes('"900"'),
    outcome: "OSError EBADF",
  },
  {
    reason:
      "no buffer is allocated for more events than can be open; the kernel's answer is EINVAL",
    applies: (call, form) =>
      call === "epoll_maxevents" && JSON.stringify(form) === '{"int":"2147483647"}',
    outcome: "OSError EINVAL",
  },
];

/** The outcomes of 1.0, where Python refuses it. */
const WHOLE_FLOAT: Record<string, string> = {
  poll_register_mask: "IN",
  poll_modify_mask: "IN",
  epoll_register_mask: "IN",
  epoll_modify_mask: "IN",
  epoll_maxevents: "IN",
  epoll_sizehint: "ok",
  epoll_flags: "OSError",
  select_fd: "OSError EBADF",
  poll_register_fd: "ok",
  poll_modify_fd: "FileNotFoundError ENOENT",
  poll_unregister_fd: "KeyError",
  epoll_register_fd: "OSError EBADF",
  epoll_modify_fd: "OSError EBADF",
  epoll_unregister_fd: "OSError EBADF",
};

/** The outcome omnipoll must have. */
export function expectedOutcome(call: string, form: Form, python: string): string {
  const difference = DIFFERENCES.find(({ applies }) => applies(call, form));
  if (difference === undefined) return python;
  const { outcome } = difference;
  return typeof outcome === "string" ? outcome : outcome(call, python);
}
