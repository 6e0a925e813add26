// Intervals at which the core looks again at what no kernel reports, in ms. ARCHITECTURE.md lists
// the loops that do so ("Rescans").

/** Rescan interval: how often a wait looks again at descriptors that poll(2) cannot wait for. */
export const RESCAN_MS: f64 = 10;
/** Over poll(2): how long after the last edge edge-triggered registrations are reported again. */
export const FIRST_REPEAT_MS: f64 = 100;
/** The same after the first edge, if edges keep coming. */
export const LATEST_REPEAT_MS: f64 = 1000;
