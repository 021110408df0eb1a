import { throwIfAborted } from "./errors.js";

/**
 * Awaits a promise until the signal fires. The awaited work then goes on, and its failure is ignored.
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
