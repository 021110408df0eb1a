/** How long a computation may hold the thread, in milliseconds. */
const turnMillis = 5;

/** Computations that wait for their turn. Each round of the event loop resumes one. */
const waiting: (() => void)[] = [];

/**
 * Makes the function that a long computation calls often, to yield to other calls and to cancellations. The event loop reads
 * the network between any two turns, even when many computations run.
 * @returns a function that returns a promise to await, or undefined while the turn lasts.
 */
export function createTurns(): () => Promise<void> | undefined {
  let began = performance.now();
  return () => {
    if (performance.now() - began < turnMillis) return undefined;
    return new Promise((resolve) => {
      waiting.push(() => {
        began = performance.now();
        resolve();
      });
      if (waiting.length === 1) setImmediate(goOn);
    });
  };
}

function goOn(): void {
  const [next] = waiting.splice(0, 1);
  if (waiting.length > 0) setImmediate(goOn);
  next?.();
}
