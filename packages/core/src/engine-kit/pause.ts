import { abortedError, throwIfAborted } from "../errors/errors.js";

/** Waits for a time. @throws ABORTED as soon as the signal fires. */
export async function pause(millis: number, signal?: AbortSignal | undefined): Promise<void> {
  throwIfAborted(signal);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, millis);
  const leave = (): void => {
    clearTimeout(timer);
    reject(abortedError(signal as AbortSignal));
  };
  signal?.addEventListener("abort", leave, { once: true });
  try {
    await promise;
  } finally {
    signal?.removeEventListener("abort", leave);
  }
}
