import type { Receiver } from "../file/watch-file.js";
import { type Alert, keyOf } from "./alert.js";

/** A match of a watch, or its metric beyond the threshold. */
export interface Raised {
  readonly watch: string;
  readonly labels: Alert["labels"];
  readonly annotations: Alert["annotations"];
  readonly link: string | undefined;
  /** The end of the alert without another match; undefined: `settle` ends it. */
  readonly endsAt: number | undefined;
  /** How long it must last before it fires. */
  readonly forMillis: number;
  /** The number of new matching spans. */
  readonly matches: number;
}

/** The alerts that are pending, firing, or not delivered yet. It does no I/O. */
export interface AlertBook {
  /** @returns "begun" for an alert that begins to fire, "full" when the watch has too many alerts. */
  readonly raise: (raised: Raised, now: number) => "begun" | "known" | "full";
  /** Ends the alerts of a watch whose keys are not in `lasting`. */
  readonly settle: (watch: string, lasting: ReadonlySet<string>, now: number) => void;
  /** Ends the alerts whose time is over, and forgets those whose end all receivers have heard. */
  readonly pass: (receivers: readonly Receiver[], now: number) => void;
  /** The alerts to send to a receiver now. */
  readonly dueTo: (receiver: Receiver, now: number) => Alert[];
  readonly tell: (receiver: Receiver, alerts: readonly Alert[], now: number) => void;
  /** Ends the alerts of all other watches. */
  readonly keepOnly: (watches: ReadonlySet<string>, now: number) => void;
  /** A pending or firing alert. */
  readonly find: (key: string) => Alert | undefined;
  readonly all: () => readonly Alert[];
  /** Differs after every change that belongs in the state file. */
  readonly version: () => number;
}

/** Firing alerts are repeated, since an Alertmanager ends an alert that it no longer hears of. The interval is Prometheus's. */
export const repeatMillis = 60_000;
/** The most alerts of a watch at a time. */
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
        // A firing alert ends only after every receiver has heard of it, so that none misses a short one.
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
