import { throwIfAborted } from "./errors.js";

/**
 * Waits for something, and no longer than until the signal fires. What is waited for goes on, and its failure is then
 * nobody's.
 * @throws ABORTED when the signal fires first.
 */
export async function orAborted<T>(awaited: PromiseLike<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return awaited;
  let stop = (): void => {};
  const aborted = new Promise<void>((resolve) => {
    stop = resolve;
  });
  signal.addEventListener("abort", stop, { once: true });
  try {
    if (signal.aborted) stop();
    const result = await Promise.race([awaited, aborted.then(() => throwIfAborted(signal))]);
    return result as T;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
