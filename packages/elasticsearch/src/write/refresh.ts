import type { Client } from "../connection/client.js";

/** Makes acknowledged writes visible to searches. */
export interface Refresher {
  /** Resolves when searches find every write to these indices, or to all indices, that was acknowledged before the call. */
  readonly refreshed: (indices?: Iterable<string>) => Promise<void>;
}

/** Pauses between refreshes for as long as a refresh takes, up to this: refreshes take half of the time at most. */
const longestPauseMillis = 500;
/** Beyond so many indices the refresh goes to the pattern of all. */
const mostNames = 20;

interface Batch {
  /** Undefined means all. */
  indices: Set<string> | undefined;
  readonly done: Promise<void>;
}

/** Runs one refresh at a time. Calls that come while one runs share the next. */
export function createRefresher(client: Client, pattern: string): Refresher {
  let next: Batch | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let pause: NodeJS.Timeout | undefined;

  /** Keeps the process alive only while a call waits for the next refresh. */
  const pauseFor = (millis: number): Promise<void> =>
    new Promise((resolve) => {
      pause = setTimeout(resolve, millis);
      if (next === undefined) pause.unref();
    });

  const refresh = async (indices: ReadonlySet<string> | undefined): Promise<void> => {
    const names = indices === undefined || indices.size > mostNames ? pattern : [...indices].join(",");
    await client.request(
      { method: "POST", path: `/${names}/_refresh`, query: { ignore_unavailable: true } },
      { doing: "cannot refresh" },
    );
  };

  const start = (): Batch => {
    const batch: Batch = {
      indices: new Set(),
      done: last.then(async () => {
        // Later calls need a later refresh.
        next = undefined;
        const begun = performance.now();
        const done = refresh(batch.indices);
        last = done
          .then(() => pauseFor(Math.min(performance.now() - begun, longestPauseMillis)))
          .catch(() => undefined);
        await done;
      }),
    };
    return batch;
  };

  return {
    refreshed: (indices) => {
      next ??= start();
      pause?.ref();
      if (indices === undefined) next.indices = undefined;
      else for (const index of indices) next.indices?.add(index);
      return next.done;
    },
  };
}
