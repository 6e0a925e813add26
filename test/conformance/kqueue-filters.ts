// Rows KQ-103 to KQ-186 and EMU of the catalogue, the filters of kqueue, that no test here can
// run; and those to which the answer here is deliberately another one.

export const NOT_RUN_KQUEUE_FILTERS: Record<string, string> = {
  "KQ-124": "macOS only",
  "KQ-158": "Linux unmounts no file system from under an open file, and has no revoke(2)",
  "KQ-162": "macOS only",
  "KQ-169": "macOS only",
};

/** The tests hold these to ours. */
export const DIFFERENCES_KQUEUE_FILTERS: Record<string, string> = {
  "EMU-06": "signals that Linux merges because one is pending already are one",
  "KQ-111": "pipes have NOTE_LOWAT, too, as on macOS",
  "KQ-122": "queues nest as deep as epoll sets, which is 5; then ELOOP",
  "KQ-123": "data is the payload of the first datagram: Linux does not report the total",
  "KQ-132": "pipes have NOTE_LOWAT, too, as on macOS",
  "KQ-143": "an extension within the last block of a file is a write to inotify",
  "KQ-145": "the simulated BSD says NOTE_DELETE of each name that is lost, as FreeBSD does",
  "KQ-177": "a default action that ends the process ends it before the next wait",
};
