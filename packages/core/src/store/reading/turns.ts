/** Work that holds the thread is interrupted this often, in milliseconds. */
const turnMillis = 5;

/** Those that wait for their turn, one of which goes on each time the event loop comes around. */
const waiting: (() => void)[] = [];

/**
 * What computes for long awaits this now and then, so that other calls and cancellations get their turn. However many
 * compute at the same time, between two of their turns arrives what came over the network.
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
