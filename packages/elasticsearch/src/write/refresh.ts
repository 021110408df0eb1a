import type { Client } from "../connection/client.js";

/** Makes what was written findable. */
export interface Refresher {
  /** Resolves when all that was acknowledged of these indices before the call can be found; of all, without them. */
  readonly refreshed: (indices?: Iterable<string>) => Promise<void>;
}

/** Between two refreshes lies as much time as one takes, so that they take half of it at most. */
const longestPauseMillis = 500;
/** With more indices than this the pattern of all is refreshed. */
const mostNames = 20;

interface Batch {
  /** Undefined: all. */
  indices: Set<string> | undefined;
  readonly done: Promise<void>;
}

/** Refreshes one after the other; who comes while one runs shares the next. */
export function createRefresher(client: Client, pattern: string): Refresher {
  let next: Batch | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let pause: NodeJS.Timeout | undefined;

  /** Keeps the process alive while somebody waits for what comes after it, and else does not. */
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
        // From here on it is too late to share this one.
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
