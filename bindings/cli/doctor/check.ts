// One check of `omnipoll doctor`.

/** The package on the host of this process, and omnipoll/os. */
export interface Package {
  readonly omnipoll: typeof import("../../node/select.ts");
  readonly os: typeof import("../../node/os.ts");
}

/** The information that every check may use. */
export interface Subject {
  /** The version of omnipoll. */
  readonly version: string;
  /** The value of OMNIPOLL_HOST; null if it is not set. */
  readonly wanted: string | null;
  /** Undefined if the package cannot be loaded. */
  readonly loaded: Package | undefined;
}

/** The part of the JSON object that a check found. */
export type Facts = Record<string, unknown>;

/** The result of a check. */
export interface Finding {
  readonly facts: Facts;
  /** The line for people, without the name of the check. */
  readonly text: string;
  /** The problem in words; undefined if all is well. */
  readonly problem?: string | undefined;
}

/** One line of the report. */
export interface Check {
  /** The beginning of the line. */
  readonly name: string;
  /** Undefined if the check has nothing to say on this host. */
  examine(subject: Subject): Finding | undefined;
}

/**
 * Makes a check.
 *
 * @param find finds out: the part of the JSON object; undefined if there is nothing to say
 * @param say says in words what was found
 * @param blame says what is wrong with what was found; undefined if all is well
 */
export function check<Found extends object>(
  name: string,
  find: (subject: Subject) => Found | undefined,
  say: (found: Found, subject: Subject) => string,
  blame?: (found: Found) => string | undefined,
): Check {
  return {
    name,
    examine(subject) {
      const found = find(subject);
      if (found === undefined) return undefined;
      return { facts: found as Facts, text: say(found, subject), problem: blame?.(found) };
    },
  };
}

/** Makes a check that needs the package, and is left out if the package cannot be loaded. */
export function packageCheck<Found extends object>(
  name: string,
  find: (loaded: Package) => Found | undefined,
  say: (found: Found) => string,
  blame?: (found: Found) => string | undefined,
): Check {
  return check(name, ({ loaded }) => (loaded === undefined ? undefined : find(loaded)), say, blame);
}

/** Whether the kernel behind a host is simulated. */
export function isSimulated(host: { readonly name: string }): boolean {
  return host.name.startsWith("sim:");
}
