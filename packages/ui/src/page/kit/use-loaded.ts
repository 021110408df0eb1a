import { useEffect, useState } from "preact/hooks";

export interface Loaded<T> {
  readonly value?: T;
  readonly error?: unknown;
  readonly retry: () => void;
}

/** Loads a value, and again whenever an element of `about` changes. The old value stays until the new one is there. */
export function useLoaded<T>(
  load: (signal: AbortSignal) => Promise<T>,
  about: readonly unknown[],
): Loaded<T> {
  const [state, setState] = useState<{ readonly value?: T; readonly error?: unknown }>({});
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const left = new AbortController();
    load(left.signal).then(
      (value) => left.signal.aborted || setState({ value }),
      (error: unknown) => left.signal.aborted || setState({ error }),
    );
    return () => left.abort();
  }, [...about, turn]);
  return { ...state, retry: () => setTurn((n) => n + 1) };
}
