import type { Receiver } from "../file/watch-file.js";
import { type Alert, keyOf } from "./alert.js";

/** What has happened to a watch. */
export interface Raised {
  readonly watch: string;
  readonly labels: Alert["labels"];
  readonly annotations: Alert["annotations"];
  readonly link: string | undefined;
  /** Until when it fires without another match; undefined: until `settle` finds it no more. */
  readonly endsAt: number | undefined;
  /** How long it must last before it fires. */
  readonly forMillis: number;
  /** Spans that match now. */
  readonly matches: number;
}

/** The alerts that pend, fire or are not told yet. It does no I/O. */
export interface AlertBook {
  /** @returns "begun" for an alert that fires now, "full" where the watch has too many. */
  readonly raise: (raised: Raised, now: number) => "begun" | "known" | "full";
  /** Ends the alerts of a watch that are not among these keys. */
  readonly settle: (watch: string, lasting: ReadonlySet<string>, now: number) => void;
  /** Ends the alerts whose time is over, and forgets those that all receivers know to be over. */
  readonly pass: (receivers: readonly Receiver[], now: number) => void;
  /** The alerts that a receiver is to be told of now. */
  readonly dueTo: (receiver: Receiver, now: number) => Alert[];
  readonly tell: (receiver: Receiver, alerts: readonly Alert[], now: number) => void;
  /** Ends the alerts of other watches than these. */
  readonly keepOnly: (watches: ReadonlySet<string>, now: number) => void;
  /** An alert that pends or fires. */
  readonly find: (key: string) => Alert | undefined;
  readonly all: () => readonly Alert[];
  /** Changes with every change that the file of the state should have. */
  readonly version: () => number;
}

/** An Alertmanager takes an alert for over that it does not hear of; Prometheus repeats as often. */
export const repeatMillis = 60_000;
/** A watch has no more alerts than these at a time. */
const maxAlertsOfWatch = 1000;

export function createAlertBook(kept: readonly Alert[]): AlertBook {
  const alerts = new Map(kept.map((alert) => [keyOf(alert.labels), alert]));
  const counts = new Map<string, number>();
  for (const { watch } of kept) counts.set(watch, (counts.get(watch) ?? 0) + 1);
  let version = 0;

  const end = (key: string, alert: Alert, now: number): void => {
    version++;
    // No receiver has heard of it.
    if (alert.state === "pending") remove(key, alert);
    else {
      alert.state = "resolved";
      alert.endsAt = now;
    }
  };
  const remove = (key: string, { watch }: Alert): void => {
    alerts.delete(key);
    counts.set(watch, (counts.get(watch) ?? 1) - 1);
  };

  return {
    raise: ({ watch, labels, annotations, link, endsAt, forMillis, matches }, now) => {
      const key = keyOf(labels);
      const known = alerts.get(key);
      version++;
      if (known !== undefined && known.state !== "resolved") {
        known.matches += matches;
        known.endsAt = endsAt;
        known.annotations = annotations;
        known.link = link ?? known.link;
        if (known.state === "firing" || now - known.startsAt < forMillis) return "known";
        known.state = "firing";
        return "begun";
      }
      const count = counts.get(watch) ?? 0;
      if (known === undefined) {
        if (count >= maxAlertsOfWatch) return "full";
        counts.set(watch, count + 1);
      }
      const state = forMillis > 0 ? "pending" : "firing";
      alerts.set(key, { watch, labels, annotations, link, state, startsAt: now, endsAt, matches, told: {} });
      return state === "firing" ? "begun" : "known";
    },

    settle: (watch, lasting, now) => {
      for (const [key, alert] of alerts) {
        if (alert.watch === watch && alert.state !== "resolved" && !lasting.has(key)) end(key, alert, now);
      }
    },

    pass: (receivers, now) => {
      for (const [key, alert] of alerts) {
        const isTold = (state: "firing" | "resolved"): boolean =>
          receivers.every(
            ({ url }) => alert.told[url]?.state === state || alert.told[url]?.state === "resolved",
          );
        // One that no receiver has heard of fires on until each has, so that it is heard of at all.
        if (alert.state === "firing" && alert.endsAt !== undefined && alert.endsAt <= now && isTold("firing"))
          end(key, alert, now);
        if (alert.state === "resolved" && isTold("resolved")) {
          version++;
          remove(key, alert);
        }
      }
    },

    dueTo: ({ kind, url }, now) =>
      [...alerts.values()].filter(({ state, told }) => {
        const last = told[url];
        if (state === "pending") return false;
        if (last?.state !== state) return true;
        return kind === "alertmanager" && state === "firing" && now - last.at >= repeatMillis;
      }),

    tell: ({ url }, told, now) => {
      version++;
      for (const alert of told) {
        if (alert.state !== "pending") alert.told[url] = { state: alert.state, at: now };
      }
    },

    keepOnly: (watches, now) => {
      for (const [key, alert] of alerts) {
        if (!watches.has(alert.watch) && alert.state !== "resolved") end(key, alert, now);
      }
    },

    find: (key) => {
      const alert = alerts.get(key);
      return alert?.state === "resolved" ? undefined : alert;
    },
    all: () => [...alerts.values()],
    version: () => version,
  };
}
