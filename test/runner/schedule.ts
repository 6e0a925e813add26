// The order of the files, and the files that run alone.

/** Files that run while nothing else runs, and why. */
export const ALONE: Readonly<Record<string, string>> = {
  "kqueue/netdev":
    "makes and removes network interfaces, about which every netlink socket gets messages",
  "native/netlink":
    "makes and removes network interfaces, about which every netlink socket gets messages",
};

/** Files that take long, which begin first, so that no lane ends long after the others. */
const LONGEST = [
  "package/build",
  "cli/cli",
  "fuzz/fuzz",
  "browser/browser",
  "cli/kqueue",
  "sim/hour",
  "docs/snippets",
  "native/stress",
  "fuzz/inspect",
  "epoll/random",
  "native/threads",
];

/** How early a file begins: the lower, the earlier. */
function rankOf(file: string): number {
  const rank = LONGEST.indexOf(file);
  return rank < 0 ? LONGEST.length : rank;
}

/**
 * Spreads the tasks of each host over the whole run: some hosts mostly wait, on the real clock, while
 * others keep a processor busy.
 */
function interleaved<Host>(tasks: ReadonlyArray<Task<Host>>): Array<Task<Host>> {
  const byHost = new Map<Host, Array<Task<Host>>>();
  for (const task of tasks) byHost.set(task.host, [...(byHost.get(task.host) ?? []), task]);
  const placed = [...byHost.values()].flatMap((own) =>
    own.map((task, i) => ({ task, place: (i + 0.5) / own.length })),
  );
  return placed.sort((a, b) => a.place - b.place).map(({ task }) => task);
}

/** One file on one host. */
export interface Task<Host> {
  readonly file: string;
  readonly host: Host;
}

/**
 * Runs tasks in lanes, and then those that must run alone one after the other.
 *
 * @param tasks in the order of each host; the longest begin first, and the hosts are interleaved
 */
export async function runAll<Host>(
  tasks: ReadonlyArray<Task<Host>>,
  lanes: number,
  run: (task: Task<Host>) => Promise<void>,
): Promise<void> {
  const together = tasks.filter(({ file }) => !(file in ALONE));
  const queue = interleaved(together).sort((a, b) => rankOf(a.file) - rankOf(b.file));
  const lane = async (): Promise<void> => {
    for (let task = queue.shift(); task !== undefined; task = queue.shift()) await run(task);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  for (const task of tasks) if (task.file in ALONE) await run(task);
}
