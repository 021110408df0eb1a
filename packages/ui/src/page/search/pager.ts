import { type ReadonlySignal, signal } from "@preact/signals";
import type { PageOf } from "../api/search.js";

export interface Found<T> {
  readonly items: readonly T[];
  readonly isLoading: boolean;
  /** There is more behind the last item. */
  readonly hasMore: boolean;
  readonly error: unknown;
}

/** The pages of one answer, one after the other. */
export interface Pager<T> {
  readonly found: ReadonlySignal<Found<T>>;
  /** Asks for the next page, unless one is on its way or there is none. */
  more(): void;
  /** Asks again for the page that failed. */
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
