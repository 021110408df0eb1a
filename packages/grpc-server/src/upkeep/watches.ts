import { type SpanStore, SpanStoreError } from "@spanstore/core";
import {
  parseWatchFile,
  type Receiver,
  startWatcher,
  type WatchEvents,
  type Watcher,
  type WatchFile,
} from "@spanstore/watch";
import type { Logger } from "pino";
import { Counter, Gauge, type Registry } from "prom-client";
import { reloadedFiles } from "../security/reloaded-files.js";

export interface WatchOptions {
  readonly file: string;
  /** The path of the file for firing and undelivered alerts. */
  readonly state: string;
  /** The link of an alert, with `{traceId}` in it. Default: the server's page. */
  readonly link?: string | undefined;
  /** Receivers beside those of the file. */
  readonly receivers: readonly Receiver[];
  readonly reloadIntervalMs: number;
}

export interface Watches {
  readonly tap: (store: SpanStore, tenant: string | undefined) => SpanStore;
  /** @param link of alerts, unless an option names one. */
  readonly start: (link: string | undefined) => void;
  readonly reload: () => Promise<void>;
  readonly close: () => Promise<void>;
}

interface Surroundings {
  readonly storeOf: (tenant: string | undefined) => SpanStore;
  readonly registry: Registry;
  readonly log: Logger;
}

const none: Watches = {
  tap: (store) => store,
  start: () => {},
  reload: async () => {},
  close: async () => {},
};

/** @throws INVALID_OPTIONS for an invalid file or state. */
export async function openWatches(
  options: WatchOptions | undefined,
  { storeOf, registry, log }: Surroundings,
): Promise<Watches> {
  if (options === undefined) return none;
  let ownLink: string | undefined;
  const withOptions = (file: WatchFile): WatchFile => {
    const receivers = new Map([...file.receivers, ...options.receivers].map((each) => [each.url, each]));
    return { ...file, link: file.link ?? options.link ?? ownLink, receivers: [...receivers.values()] };
  };
  const files = await reloadedFiles({
    files: [options.file],
    parse: ([content]) => parsed(String(content), options.file),
    intervalMs: options.reloadIntervalMs,
    changed: (file) => {
      watcher.use(withOptions(file));
      log.info({ file: options.file, watches: file.watches.length }, "watching by the changed file");
    },
    failed: (error) =>
      log.error({ err: error }, "the file of watches cannot be used; the watches stay as they were"),
  }).catch((error: unknown) => {
    throw error instanceof SpanStoreError
      ? error
      : new SpanStoreError("INVALID_OPTIONS", String((error as Error).message), { field: "watch.file" });
  });
  const watcher: Watcher = await startWatcher({
    file: withOptions(files.current()),
    state: options.state,
    storeOf,
    events: eventsOf(registry, log, () => watcher.firing()),
  }).catch((error: unknown) => {
    files.stop();
    throw error;
  });
  if (withOptions(files.current()).receivers.length === 0) {
    log.warn("alerts are sent to no receiver: name one with --watch.alertmanager or --watch.webhook");
  }
  return {
    tap: watcher.tap,
    start: (link) => {
      ownLink = link;
      watcher.use(withOptions(files.current()));
    },
    reload: files.reload,
    close: async () => {
      files.stop();
      await watcher.close();
    },
  };
}

function parsed(text: string, name: string): WatchFile {
  const { file, problems } = parseWatchFile(text, name);
  if (file !== undefined) return file;
  const [first, ...others] = problems;
  const more = others.length === 0 ? "" : `, and ${others.length} more problems`;
  throw new SpanStoreError("INVALID_OPTIONS", `${first?.message}${more}`, {
    field: "watch.file",
    position: first?.position,
    hint: `spanstore watch check ${name} lists all of them`,
  });
}

function eventsOf(registry: Registry, log: Logger, firing: () => number): WatchEvents {
  const registers = [registry];
  const began = new Counter({
    name: "spanstore_watch_alerts_total",
    help: "Alerts of watches that began to fire.",
    registers,
  });
  const sent = new Counter({
    name: "spanstore_watch_deliveries_total",
    help: "Alerts that receivers took, repeated ones included, and calls that failed.",
    labelNames: ["outcome"],
    registers,
  });
  const unasked = new Counter({
    name: "spanstore_watch_unasked_fragments_total",
    help: "Fragments that arrived too fast for watches to check them.",
    registers,
  });
  new Gauge({
    name: "spanstore_watch_firing",
    help: "Firing alerts of watches.",
    registers,
    collect() {
      this.set(firing());
    },
  });
  return {
    began: (alerts) => began.inc(alerts),
    delivered: (alerts) => sent.inc({ outcome: "delivered" }, alerts),
    failed: (what, error) => {
      if (what === "delivery") sent.inc({ outcome: "failed" });
      log.error({ err: error }, failures[what]);
    },
    unasked: (fragments) => {
      unasked.inc(fragments);
      log.warn({ fragments }, "spans arrive too fast for watches to check them: make filters narrower");
    },
    full: (watch) => log.warn({ watch }, "a watch has 1000 alerts and raises no more: shorten its by"),
  };
}

const failures = {
  delivery: "alerts cannot be delivered; they wait, and are tried again",
  metric: "the metric of a watch cannot be read",
  state: "the state of watches cannot be written",
  span: "a span cannot be checked for a watch",
} as const;
