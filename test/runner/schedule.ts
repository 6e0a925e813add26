// In which order the files run, and which of them run beside others.

/** Files that run while nothing else runs, and why. */
export const ALONE: Readonly<Record<string, string>> = {
  "kqueue/netdev": "makes and removes network interfaces, which every netlink socket hears of",
  "native/netlink": "makes and removes network interfaces, which every netlink socket hears of",
};

/** Files that take long begin first, so that no lane has one left to run alone in the end. */
const LONGEST = [
  "package/build",
  "cli/cli",
  "fuzz/fuzz",
  "browser/browser",
  "cli/kqueue",
  "sim/hour",
];

/** How early a file begins: the lower, the earlier. */
function rankOf(file: string): number {
  const rank = LONGEST.indexOf(file);
  return rank < 0 ? LONGEST.length : rank;
}

/** One file on one host. */
export interface Task<Host> {
  readonly file: string;
  readonly host: Host;
}

/**
 * Runs tasks in lanes, and then those that must run alone one after the other.
 *
 * @param tasks in the order in which they begin, but the longest first
 */
export async function runAll<Host>(
  tasks: ReadonlyArray<Task<Host>>,
  lanes: number,
  run: (task: Task<Host>) => Promise<void>,
): Promise<void> {
  const together = tasks.filter(({ file }) => !(file in ALONE));
  const queue = together.toSorted((a, b) => rankOf(a.file) - rankOf(b.file));
  const lane = async (): Promise<void> => {
    for (let task = queue.shift(); task !== undefined; task = queue.shift()) await run(task);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  for (const task of tasks) if (task.file in ALONE) await run(task);
}
