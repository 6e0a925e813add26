// The next turn of the event loop, wherever JavaScript runs.

export type Task = () => void;

/** Calls `task` in the next turn: setImmediate of Node. Browsers lack it, and delay a timeout of 0. */
export const later: (task: Task) => void =
  typeof setImmediate === "function"
    ? (task) => void setImmediate(task)
    : (task) => {
        const { port1, port2 } = new MessageChannel();
        const run = (): void => {
          port1.close();
          task();
        };
        port1.addEventListener("message", run, { once: true });
        port1.start();
        port2.postMessage(0);
      };
