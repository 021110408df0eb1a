import { abortedError, SpanStoreError, throwIfAborted } from "../../errors/errors.js";
import type { ReadOptions } from "../contract/calls.js";
import type { Reading } from "../contract/reading.js";

/**
 * Bounds the bytes that all reads hold together. A read counts as 1/32 of the budget, or as what it holds if that is more,
 * so at most 32 run; the others wait in order of arrival. A read that needs more bytes waits until there is room. The oldest
 * read that is not paused may exceed the budget, so that one read always makes progress. A nested read never waits.
 */
export interface ReadBudget {
  readonly run: <T>(work: (reading: Reading) => Promise<T>, options: ReadOptions | undefined) => Promise<T>;
  /**
   * A stream counts until its loop ends, also while its consumer pauses. After a long pause, when other reads wait, the
   * stream ends with OVERLOADED: it frees what it holds, and the next `next()` throws the error.
   */
  readonly stream: <T>(
    start: (reading: Reading) => AsyncIterable<T>,
    options: ReadOptions | undefined,
  ) => AsyncGenerator<T, void, undefined>;
}

export interface ReadBudgetOptions {
  readonly bytes: number;
  /** How long a stream may pause while other reads wait; 30,000 ms by default. */
  readonly longestPauseMillis?: number;
}

const readsAtOnce = 32;

/** A running read. */
interface Admitted {
  readonly isNested: boolean;
  readonly signal: AbortSignal | undefined;
  /** Bytes of all its parts. */
  parts: number;
  /** Bytes that the budget counts for it. */
  counted: number;
  /** Set while it waits for room to hold this many bytes. */
  growing: { readonly bytes: number; readonly go: () => void } | undefined;
  /** Set until the consumer of the stream asks for the next item. */
  paused: { readonly since: number; readonly end: () => void } | undefined;
}

/** For a read that holds few bytes, or whose bytes are counted elsewhere. */
export const uncounted: Reading = { part: () => () => undefined, unwaiting: () => uncounted };

export function createReadBudget({ bytes, longestPauseMillis = 30_000 }: ReadBudgetOptions): ReadBudget {
  const share = Math.floor(bytes / readsAtOnce);
  /** Running reads, in order of arrival. */
  const admitted = new Set<Admitted>();
  const waiting = new Set<() => void>();
  let counted = 0;
  let growing = 0;
  let timer: NodeJS.Timeout | undefined;

  const isFirstComputing = (read: Admitted): boolean => {
    for (const each of admitted) if (each.paused === undefined && !each.isNested) return each === read;
    return false;
  };
  const mayGrow = (read: Admitted, to: number): boolean => {
    if (read.isNested || counted - read.counted + to <= bytes) return true;
    return counted - read.counted <= bytes && isFirstComputing(read);
  };
  const count = (read: Admitted, to: number): void => {
    counted += to - read.counted;
    read.counted = to;
  };

  /** Resumes waiting reads that have room: first running ones, then new ones. */
  const settle = (): void => {
    if (growing > 0) {
      for (const read of admitted) {
        if (read.growing !== undefined && mayGrow(read, read.growing.bytes)) read.growing.go();
      }
    }
    for (const enter of waiting) {
      if (growing > 0 || counted + share > bytes) break;
      waiting.delete(enter);
      enter();
    }
    watchPauses();
  };

  const watchPauses = (): void => {
    clearTimeout(timer);
    if (waiting.size === 0 && growing === 0) return;
    let longest: Admitted["paused"];
    for (const { paused } of admitted) {
      if (paused !== undefined && (longest === undefined || paused.since < longest.since)) longest = paused;
    }
    if (longest === undefined) return;
    const { since, end } = longest;
    timer = setTimeout(
      () => {
        end();
        settle();
      },
      Math.max(0, since + longestPauseMillis - performance.now()),
    ).unref();
  };

  const admit = ({ signal, nested }: ReadOptions): Admitted => {
    const read: Admitted = {
      isNested: nested === true,
      signal,
      parts: 0,
      counted: 0,
      growing: undefined,
      paused: undefined,
    };
    admitted.add(read);
    count(read, share);
    return read;
  };

  const enter = (options: ReadOptions): Admitted | Promise<Admitted> => {
    const { signal } = options;
    throwIfAborted(signal);
    if (options.nested || (waiting.size === 0 && growing === 0 && counted + share <= bytes))
      return admit(options);
    return new Promise((resolve, reject) => {
      const go = (): void => {
        signal?.removeEventListener("abort", giveUp);
        resolve(admit(options));
      };
      const giveUp = (): void => {
        waiting.delete(go);
        reject(abortedError(signal as AbortSignal));
        settle();
      };
      waiting.add(go);
      signal?.addEventListener("abort", giveUp, { once: true });
      watchPauses();
    });
  };

  const leave = (read: Admitted): void => {
    if (!admitted.delete(read)) return;
    counted -= read.counted;
    settle();
  };

  const wantedBy = (read: Admitted): number => Math.max(share, read.parts);

  const hold = (read: Admitted, waits: boolean): Promise<void> | undefined => {
    const wanted = wantedBy(read);
    if (wanted === read.counted || !admitted.has(read)) return undefined;
    if (wanted < read.counted) {
      count(read, wanted);
      settle();
      return undefined;
    }
    if (!waits || mayGrow(read, wanted)) {
      count(read, wanted);
      return undefined;
    }
    const { signal } = read;
    return new Promise((resolve, reject) => {
      const over = (): void => {
        read.growing = undefined;
        growing--;
        signal?.removeEventListener("abort", giveUp);
      };
      const giveUp = (): void => {
        over();
        reject(abortedError(signal as AbortSignal));
        settle();
      };
      const go = (): void => {
        over();
        count(read, wantedBy(read));
        resolve();
      };
      read.growing = { bytes: wanted, go };
      growing++;
      signal?.addEventListener("abort", giveUp, { once: true });
      if (signal?.aborted) giveUp();
      else watchPauses();
    });
  };

  const readingOf = (read: Admitted, waits = true): Reading => ({
    part: () => {
      let held = 0;
      return (now) => {
        read.parts += now - held;
        held = now;
        return hold(read, waits);
      };
    },
    unwaiting: () => readingOf(read, false),
  });

  return {
    run: async (work, options = {}) => {
      const entering = enter(options);
      const read = entering instanceof Promise ? await entering : entering;
      try {
        return await work(readingOf(read));
      } finally {
        leave(read);
      }
    },

    stream: async function* <T>(start: (reading: Reading) => AsyncIterable<T>, options: ReadOptions = {}) {
      const { signal } = options;
      const entering = enter(options);
      const read = entering instanceof Promise ? await entering : entering;
      let iterator: AsyncIterator<T> | undefined;
      let ended: SpanStoreError | undefined;
      const end = (why: SpanStoreError): void => {
        ended = why;
        read.paused = undefined;
        const left = iterator;
        iterator = undefined;
        // No caller is left to receive this error.
        left?.return?.()?.then(undefined, () => undefined);
        leave(read);
      };
      const onAbort = (): void => {
        if (read.paused !== undefined) end(abortedError(signal as AbortSignal));
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      try {
        iterator = start(readingOf(read))[Symbol.asyncIterator]();
        for (;;) {
          const result = await iterator.next();
          if (result.done === true) {
            iterator = undefined;
            return;
          }
          read.paused = { since: performance.now(), end: () => end(pausedTooLong()) };
          if (signal?.aborted) onAbort();
          // The pause may make another read the oldest that is not paused.
          else if (growing > 0 || waiting.size > 0) settle();
          yield result.value;
          if (ended !== undefined) throw ended;
          read.paused = undefined;
        }
      } finally {
        signal?.removeEventListener("abort", onAbort);
        read.paused = undefined;
        await iterator?.return?.();
        leave(read);
      }
    },
  };

  function pausedTooLong(): SpanStoreError {
    return new SpanStoreError(
      "OVERLOADED",
      `the consumer took nothing from the stream for ${longestPauseMillis / 1000} s while other reads wait`,
      { hint: "read streams to their end without long pauses, or page", retryAfterMillis: 1000 },
    );
  }
}

/** The budget of a thread, shared by all its stores. */
const threadBytes = 64 * 1024 * 1024;
export const readBudget = createReadBudget({ bytes: threadBytes });
