import type { SpanStore } from "@spanstore/core";
import { type AlertBook, createAlertBook } from "./alerts/alert-book.js";
import { openStateFile, type StateFile } from "./alerts/state-file.js";
import { createDeliveries } from "./delivery/deliveries.js";
import { type ArrivingSpans, createArrivingSpans } from "./evaluation/arriving-spans.js";
import { evaluateMetric } from "./evaluation/metric-watches.js";
import type { MetricWatch, SpansWatch, WatchFile } from "./file/watch-file.js";

/** What happens to watches, for logs and counters. */
export interface WatchEvents {
  readonly began: (alerts: number) => void;
  readonly delivered: (alerts: number) => void;
  readonly failed: (what: "delivery" | "metric" | "state" | "span", error: unknown) => void;
  /** Fragments that arrived faster than they could be asked, and were not. */
  readonly unasked: (fragments: number) => void;
  /** A watch has as many alerts as it may; matches with other labels raise none. */
  readonly full: (watch: string) => void;
}

export interface WatcherOptions {
  readonly file: WatchFile;
  /** Keeps what fires and what is not delivered. */
  readonly state: string;
  readonly storeOf: (tenant: string | undefined) => SpanStore;
  readonly events: WatchEvents;
  /** Milliseconds since 1970. Default: the system's. */
  readonly now?: () => number;
  /** How often it looks at what is due, in milliseconds; 0: only `turn` does. Default: a second. */
  readonly everyMillis?: number;
}

/** Watches of one server. */
export interface Watcher {
  /** The same store, whose writes are watched. An alert that a write began is durable when the write resolves. */
  readonly tap: (store: SpanStore, tenant: string | undefined) => SpanStore;
  /** Goes on with another file. */
  readonly use: (file: WatchFile) => void;
  /** Evaluates and delivers what is due now. */
  readonly turn: () => Promise<void>;
  /** How many alerts fire. */
  readonly firing: () => number;
  /** Delivers what is due once more, and ends. */
  readonly close: () => Promise<void>;
}

const minuteMillis = 60_000;
/** Spans of a minute that arrive so late after its end are in its metric. */
const lateMillis = 5_000;

/** @throws INVALID_OPTIONS for a state that cannot be used. */
export async function startWatcher(options: WatcherOptions): Promise<Watcher> {
  const { state, storeOf, events, now = Date.now, everyMillis = 1000 } = options;
  const stateFile: StateFile = await openStateFile(state);
  const book: AlertBook = createAlertBook(stateFile.alerts);
  const closing = new AbortController();
  const deliveries = createDeliveries({
    book,
    delivered: events.delivered,
    failed: (error, { url }) =>
      events.failed("delivery", new Error(`${shownReceiver(url)}: the alerts wait`, { cause: error })),
  });
  const count = () => book.all().filter(({ state }) => state === "firing").length;

  let file = options.file;
  let arriving: ArrivingSpans;
  let metrics: readonly MetricWatch[] = [];
  let evaluated = minuteOf(now());

  const use = (next: WatchFile): void => {
    file = next;
    arriving?.catchUp(true);
    const { link } = file;
    arriving = createArrivingSpans(
      file.watches.filter((watch): watch is SpansWatch => watch.kind === "spans"),
      {
        book,
        link,
        now,
        unasked: events.unasked,
        full: events.full,
        failed: (problem) => events.failed("span", problem),
      },
    );
    metrics = file.watches.filter((watch) => watch.kind === "metric");
    book.keepOnly(new Set(file.watches.map(({ name }) => name)), now());
  };
  use(file);

  let saved = book.version();
  let saving: Promise<void> | undefined;
  /** Resolves when what the book has now is durable. */
  const save = async (): Promise<void> => {
    // One that is under way may lack what came since it began.
    await saving;
    if (book.version() === saved) return;
    saving ??= saveNow().finally(() => {
      saving = undefined;
    });
    await saving;
  };
  const saveNow = async (): Promise<void> => {
    const version = book.version();
    try {
      await stateFile.save(book.all());
      saved = version;
    } catch (error) {
      events.failed("state", error);
    }
  };

  const evaluateMetrics = async (): Promise<void> => {
    const minute = minuteOf(now());
    if (minute <= evaluated) return;
    evaluated = minute;
    const { link } = file;
    for (const watch of metrics) {
      const before = count();
      try {
        await evaluateMetric(watch, minute, { storeOf, book, link, signal: closing.signal });
      } catch (error) {
        if (!closing.signal.aborted) events.failed("metric", error);
      }
      const more = count() - before;
      if (more > 0) events.began(more);
    }
  };

  const turnNow = async (): Promise<void> => {
    if (arriving.catchUp(false)) events.began(1);
    await evaluateMetrics();
    book.pass(file.receivers, now());
    await deliveries.deliver(file.receivers, now(), closing.signal);
    book.pass(file.receivers, now());
    await save();
  };
  let turning: Promise<void> | undefined;
  const turn = async (): Promise<void> => {
    await turning;
    turning ??= turnNow().finally(() => {
      turning = undefined;
    });
    await turning;
  };
  const timer =
    everyMillis === 0
      ? undefined
      : setInterval(() => {
          if (turning === undefined) void turn();
        }, everyMillis).unref();

  return {
    tap: (store, tenant) => ({
      ...store,
      write: async (traces, writeOptions) => {
        const { terms } = arriving;
        const isWatchedElsewhere = writeOptions?.watched !== undefined;
        if (terms === undefined || isWatchedElsewhere) return store.write(traces, writeOptions);
        const asked = arriving;
        const { watched = [], ...result } = await store.write(traces, { ...writeOptions, watched: terms });
        if (watched.length > 0 && asked.take(watched, tenant)) {
          events.began(1);
          await save();
        }
        return result;
      },
    }),
    use,
    turn,
    firing: count,
    close: async () => {
      clearInterval(timer);
      arriving.catchUp(true);
      await turn();
      closing.abort();
      await save();
    },
  };
}

/** The path of a webhook is often its secret. */
function shownReceiver(url: string): string {
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}`;
}

/** The minute whose spans are all here. */
function minuteOf(millis: number): number {
  return Math.floor((millis - lateMillis) / minuteMillis);
}
