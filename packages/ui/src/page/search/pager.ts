import { type ReadonlySignal, signal } from "@preact/signals";
import type { PageOf } from "../api/search.js";

export interface Found<T> {
  readonly items: readonly T[];
  readonly isLoading: boolean;
  /** Whether more items follow the last one. */
  readonly hasMore: boolean;
  readonly error: unknown;
}

/** Loads the pages of one search in order. */
export interface Pager<T> {
  readonly found: ReadonlySignal<Found<T>>;
  /** Loads the next page, unless one is loading or there is none. */
  more(): void;
  /** Loads the failed page again. */
  retry(): void;
  stop(): void;
}

export function createPager<T>(
  load: (token: string | undefined, signal: AbortSignal) => Promise<PageOf<T>>,
): Pager<T> {
  const found = signal<Found<T>>({ items: [], isLoading: false, hasMore: true, error: undefined });
  const stopped = new AbortController();
  let token: string | undefined;
  const next = async (): Promise<void> => {
    found.value = { ...found.value, isLoading: true, error: undefined };
    try {
      const page = await load(token, stopped.signal);
      if (stopped.signal.aborted) return;
      token = page.nextPageToken;
      found.value = {
        items: [...found.value.items, ...page.items],
        isLoading: false,
        hasMore: token !== undefined,
        error: undefined,
      };
    } catch (error) {
      if (!stopped.signal.aborted) found.value = { ...found.value, isLoading: false, error };
    }
  };
  return {
    found,
    more() {
      const { isLoading, hasMore, error } = found.value;
      if (!isLoading && hasMore && error === undefined) void next();
    },
    retry: () => void next(),
    stop: () => stopped.abort(),
  };
}
