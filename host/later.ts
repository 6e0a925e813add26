// The next turn of the event loop, wherever JavaScript runs.

export type Task = () => void;

/** Tasks of the next turns, the oldest first. */
const tasks: Task[] = [];
/** A message to it runs the oldest task; undefined before the first task. */
let port: MessagePort | undefined;

/** A port whose messages each run a task. One serves all turns: a channel is much to make, and to collect. */
function openPort(): MessagePort {
  const { port1, port2 } = new MessageChannel();
  port1.addEventListener("message", () => tasks.shift()?.());
  port1.start();
  return port2;
}

/** Calls `task` in the next turn: setImmediate of Node. Browsers lack it, and delay a timeout of 0. */
export const later: (task: Task) => void =
  typeof setImmediate === "function"
    ? (task) => void setImmediate(task)
    : (task) => {
        tasks.push(task);
        port ??= openPort();
        port.postMessage(0);
      };
