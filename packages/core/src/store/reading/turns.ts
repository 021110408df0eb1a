/** Work that holds the thread is interrupted this often, in milliseconds. */
const turnMillis = 5;

/** Computations that wait for their turn. One goes on in each round of the event loop. */
const waiting: (() => void)[] = [];

/**
 * Long computations await this now and then, so that other calls and cancellations get their turn. The event loop reads the
 * network between any two turns, however many computations run.
 * @returns what to wait for, if anything.
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
