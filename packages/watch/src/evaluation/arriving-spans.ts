import {
  createSpanWatch,
  type MetricLabel,
  messageOf,
  metricLabelsOf,
  type SpanView,
  type WatchedFragment,
  type WatchedTerms,
} from "@spanstore/core/engine";
import type { AlertBook } from "../alerts/alert-book.js";
import type { SpansWatch } from "../file/watch-file.js";
import { annotationsOf, identityOf, labelsOf, linkOf } from "./raised.js";

/** Matches arriving spans against the filters of watches. */
export interface ArrivingSpans {
  /** The terms that writes look for; undefined without watches. */
  readonly terms: WatchedTerms | undefined;
  /** Takes the fragments that may match. @returns whether an alert began. */
  readonly take: (fragments: readonly WatchedFragment[], tenant: string | undefined) => boolean;
  /** Checks waiting fragments. @param all ignores the bound on time. @returns whether an alert began. */
  readonly catchUp: (all: boolean) => boolean;
}

export interface ArrivalContext {
  readonly book: AlertBook;
  readonly link: string | undefined;
  readonly now: () => number;
  /** Called with the number of fragments that arrived too fast to be checked. */
  readonly unasked: (fragments: number) => void;
  readonly full: (watch: string) => void;
  readonly failed: (problem: string) => void;
}

/** The share of one processor for exact checks, on average; further fragments wait. */
const share = 0.03;
/** The most time for exact checks at once, after a pause. */
const burstMillis = 200;
/** The most bytes of waiting fragments; further ones are counted and not checked. */
const maxWaitingBytes = 8 * 1024 * 1024;
/** The number of remembered matches. A remembered span counts once, however often it arrives. */
const maxSeen = 20_000;

export function createArrivingSpans(watches: readonly SpansWatch[], context: ArrivalContext): ArrivingSpans {
  const { book, link, now, unasked, full, failed } = context;
  const watch = createSpanWatch(watches.map(({ filter }) => filter));
  const labels: readonly (readonly MetricLabel[])[] = watches.map(({ by }) => metricLabelsOf(by, "by"));
  const seen = new Set<string>();
  const waiting: { readonly fragment: WatchedFragment; readonly tenant: string | undefined }[] = [];
  let waitingBytes = 0;
  let room = burstMillis;
  let measured = performance.now();
  const isFull = new Set<string>();

  const note = (filter: number, span: SpanView, tenant: string | undefined): boolean => {
    const each = watches[filter] as SpansWatch;
    if (each.tenant !== undefined && each.tenant !== tenant) return false;
    const identity = `${filter} ${tenant ?? ""} ${identityOf(span)}`;
    if (seen.has(identity)) return false;
    seen.add(identity);
    if (seen.size > maxSeen) seen.delete(seen.values().next().value as string);
    const values = (labels[filter] as readonly MetricLabel[]).map(({ read }) => read(span));
    const own = labelsOf(each, values, tenant);
    const { traceId } = span;
    const raised = book.raise(
      {
        watch: each.name,
        labels: own,
        annotations: annotationsOf(each, own, { value: "", matches: 1, traceId }),
        link: linkOf(link, traceId),
        endsAt: now() + each.keepFiringMillis,
        forMillis: 0,
        matches: 1,
      },
      now(),
    );
    if (raised === "full" && !isFull.has(each.name)) {
      isFull.add(each.name);
      full(each.name);
    }
    return raised === "begun";
  };

  const ask = (fragment: WatchedFragment, tenant: string | undefined): boolean => {
    let began = false;
    try {
      watch.match(fragment, (filter, span) => {
        if (note(filter, span, tenant)) began = true;
      });
    } catch (error) {
      failed(messageOf(error));
    }
    return began;
  };

  const catchUp = (all: boolean): boolean => {
    const begun = performance.now();
    room = Math.min(burstMillis, room + (begun - measured) * share);
    let began = false;
    let spent = 0;
    let done = 0;
    while (done < waiting.length && (all || spent < room)) {
      const { fragment, tenant } = waiting[done] as (typeof waiting)[number];
      done++;
      waitingBytes -= fragment.encoded.length;
      if (ask(fragment, tenant)) began = true;
      spent = performance.now() - begun;
    }
    waiting.splice(0, done);
    room -= spent;
    measured = performance.now();
    return began;
  };

  return {
    terms: watches.length === 0 ? undefined : watch.terms,
    take: (fragments, tenant) => {
      let left = 0;
      for (const fragment of fragments) {
        if (waiting.length > 0 && waitingBytes + fragment.encoded.length > maxWaitingBytes) left++;
        else {
          waiting.push({ fragment, tenant });
          waitingBytes += fragment.encoded.length;
        }
      }
      if (left > 0) unasked(left);
      return waiting.length > 0 && catchUp(false);
    },
    catchUp,
  };
}
