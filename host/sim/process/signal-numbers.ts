// Signals by name and number, and their default actions. The numbers are Linux's.

/** Names of the signals from 1 on. */
const NAMES = [
  "SIGHUP",
  "SIGINT",
  "SIGQUIT",
  "SIGILL",
  "SIGTRAP",
  "SIGABRT",
  "SIGBUS",
  "SIGFPE",
  "SIGKILL",
  "SIGUSR1",
  "SIGSEGV",
  "SIGUSR2",
  "SIGPIPE",
  "SIGALRM",
  "SIGTERM",
  "SIGSTKFLT",
  "SIGCHLD",
  "SIGCONT",
  "SIGSTOP",
  "SIGTSTP",
  "SIGTTIN",
  "SIGTTOU",
  "SIGURG",
  "SIGXCPU",
  "SIGXFSZ",
  "SIGVTALRM",
  "SIGPROF",
  "SIGWINCH",
  "SIGIO",
  "SIGPWR",
  "SIGSYS",
] as const;

/** The name of a signal. Real-time signals have only numbers. */
export type SignalName = (typeof NAMES)[number];

export const SIGKILL = 9;
export const SIGPIPE = 13;
export const SIGCHLD = 17;
export const SIGCONT = 18;
export const SIGSTOP = 19;
const SIGTSTP = 20;
const SIGTTIN = 21;
const SIGTTOU = 22;
const SIGURG = 23;
const SIGWINCH = 28;

export const LAST_SIGNAL = 64;
/** SIGRTMIN of the kernel. Every real-time signal is queued; another signal that is pending already is lost. */
export const FIRST_REAL_TIME = 32;

/** The number of a signal; undefined for a name or number that is not a signal. */
export function signalOf(name: string | number): number | undefined {
  const number = typeof name === "number" ? name : NAMES.indexOf(name as SignalName) + 1;
  return Number.isInteger(number) && number >= 1 && number <= LAST_SIGNAL ? number : undefined;
}

/** The name of a signal in messages: "SIGTERM", "signal 40". */
export function nameOfSignal(signal: number): string {
  return NAMES[signal - 1] ?? `signal ${signal}`;
}

/** The default action of a signal. */
export type DefaultAction = "end" | "ignore" | "stop" | "continue";

export function defaultActionOf(signal: number): DefaultAction {
  switch (signal) {
    case SIGCHLD:
    case SIGURG:
    case SIGWINCH:
      return "ignore";
    case SIGCONT:
      return "continue";
    case SIGSTOP:
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU:
      return "stop";
    default:
      return "end";
  }
}

/** Whether no process can catch, ignore or block the signal. */
export function isUncatchable(signal: number): boolean {
  return signal === SIGKILL || signal === SIGSTOP;
}
