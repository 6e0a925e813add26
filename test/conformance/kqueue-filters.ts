// Rows KQ-103 to KQ-186 and EMU of the catalogue, the filters of kqueue: rows without a test, and rows whose
// outcome in omnipoll is another one.

/** Rows without a test, and the reasons. */
export const NOT_RUN_KQUEUE_FILTERS: Record<string, string> = {
  "KQ-124": "macOS only",
  "KQ-158": "Linux unmounts no file system from under an open file, and has no revoke(2)",
  "KQ-162": "macOS only",
  "KQ-169": "macOS only",
};

/** Rows whose outcome in omnipoll is another one, and the reasons. */
export const DIFFERENCES_KQUEUE_FILTERS: Record<string, string> = {
  "EMU-06": "signals that Linux merges count as one",
  "KQ-111": "pipes have NOTE_LOWAT, as on macOS",
  "KQ-122": "queues nest as epolls do: 5 deep, then ELOOP",
  "KQ-123": "data is the length of the first datagram: Linux does not report the total",
  "KQ-132": "pipes have NOTE_LOWAT, as on macOS",
  "KQ-143": "inotify reports an extension within the last block of a file as a write",
  "KQ-145": "the simulated BSD reports NOTE_DELETE for each lost name, as FreeBSD does",
  "KQ-177": "a default action that ends the process ends it before the next wait",
};
