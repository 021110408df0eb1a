import type { SpanStore } from "@spanstore/core";
import { type AlertBook, createAlertBook } from "./alerts/alert-book.js";
import { openStateFile, type StateFile } from "./alerts/state-file.js";
import { createDeliveries } from "./delivery/deliveries.js";
import { type ArrivingSpans, createArrivingSpans } from "./evaluation/arriving-spans.js";
import { evaluateMetric } from "./evaluation/metric-watches.js";
import type { MetricWatch, SpansWatch, WatchFile } from "./file/watch-file.js";

/** Events of watches, for logs and counters. */
export interface WatchEvents {
  readonly began: (alerts: number) => void;
  readonly delivered: (alerts: number) => void;
  readonly failed: (what: "delivery" | "metric" | "state" | "span", error: unknown) => void;
  /** Called with the number of fragments that arrived too fast to be checked. */
  readonly unasked: (fragments: number) => void;
  /** Called when a watch has the most alerts allowed; matches with other labels raise none. */
  readonly full: (watch: string) => void;
}

export interface WatcherOptions {
  readonly file: WatchFile;
  /** The path of the file for firing and undelivered alerts. */
  readonly state: string;
  readonly storeOf: (tenant: string | undefined) => SpanStore;
  readonly events: WatchEvents;
  /** Milliseconds since 1970. Default: the system's. */
  readonly now?: () => number;
  /** The interval of evaluation and delivery, in milliseconds; 0: only `turn` does them. Default: a second. */
  readonly everyMillis?: number;
}

/** The watches of one server. */
export interface Watcher {
  /** Wraps a store so that its writes are watched. An alert that a write begins is durable when the write resolves. */
  readonly tap: (store: SpanStore, tenant: string | undefined) => SpanStore;
  /** Replaces the watches by those of another file. */
  readonly use: (file: WatchFile) => void;
  /** Evaluates watches and delivers alerts that are due now. */
  readonly turn: () => Promise<void>;
  /** The number of firing alerts. */
  readonly firing: () => number;
  /** Delivers due alerts once more, and stops. */
  readonly close: () => Promise<void>;
}

const minuteMillis = 60_000;
/** A minute is evaluated this long after its end, so that late spans count. */
const lateMillis = 5_000;

/** @throws INVALID_OPTIONS for a state file that cannot be used. */
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
  /** Resolves when the current alerts are durable. */
  const save = async (): Promise<void> => {
    // A save under way may lack the latest changes.
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

/** The address of a receiver for logs, without its path: that of a webhook is often a secret. */
function shownReceiver(url: string): string {
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}`;
}

/** The latest minute that can be evaluated. */
function minuteOf(millis: number): number {
  return Math.floor((millis - lateMillis) / minuteMillis);
}
