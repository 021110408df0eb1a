import type { TraceSearch } from "../../wire/requests.js";
import { flows, spansPerTrace } from "../flows.js";
import { createRandom, hash } from "../random.js";
import { createDraft, type DataSet, draftTrace, hexWord, stepNano, type TraceDraft } from "../trace.js";
import { commonExperiments, rareExperiments, services, tenants } from "../vocabulary.js";

/** One search with its own notion of which spans match, apart from any store's. */
export interface Query {
  readonly search: TraceSearch;
  readonly matches: (draft: TraceDraft, span: number) => boolean;
}

/** Searches of one kind, which a measurement goes through in turn. */
export interface QueryKind {
  readonly name: string;
  readonly queries: readonly Query[];
}

export const searchLimit = 20;
const hourNano = 3_600_000_000_000n;
const millisecond = 1_000_000;

/** The services that have spans, as indices into `services`, ascending. */
export const usedServices: readonly number[] = services
  .map((_, index) => index)
  .filter((index) => flows.some((flow) => flow.slots.some((slot) => slot.service === index)));

type Criteria = Omit<TraceSearch, "startMinNano" | "startMaxNano" | "limit">;

/**
 * The window every search of the bench asks for: a day back (or all of a larger data set) and, for what is
 * written during the run, an hour on.
 */
export function searchWindow(set: DataSet): { readonly startMinNano: bigint; readonly startMaxNano: bigint } {
  const day = 24n * hourNano;
  const all = BigInt(set.traces) * BigInt(stepNano) + hourNano;
  return { startMinNano: set.endNano - (all > day ? all : day), startMaxNano: set.endNano + hourNano };
}

/** The service of a span, as an index into `services`. */
export function serviceOf(draft: TraceDraft, span: number): number {
  return draft.flow.slots[span]?.service ?? -1;
}

/** How much time each search covers: the last day, or so many nanoseconds somewhere within the data. */
export type Coverage = "day" | bigint;

/** Searches of five minutes, as operators ask during an incident. */
export const fiveMinutes: Coverage = 300_000_000_000n;

/**
 * The searches that are measured. They depend on the seed alone, so that of the last day ten times the data asks the
 * same. Ranges within the data are random; every third one lies in the oldest third.
 */
export function queryKinds(set: DataSet, coverage: Coverage): readonly QueryKind[] {
  const window = searchWindow(set);
  const random = createRandom(hash(set.seed, 0x9e77));
  const ranges = createRanges(set);
  const query = (criteria: Criteria, matches: Query["matches"], around?: number): Query => {
    if (coverage === "day") return { search: { ...criteria, ...window, limit: searchLimit }, matches };
    const { from, to } = ranges.next(Number(coverage), around);
    return {
      search: {
        ...criteria,
        startMinNano: set.endNano + BigInt(from),
        startMaxNano: set.endNano + BigInt(to),
        limit: searchLimit,
      },
      matches: (draft, span) => {
        const start = draft.start[span] as number;
        return start >= from && start <= to && matches(draft, span);
      },
    };
  };
  const perService = (make: (service: string, index: number) => Query): Query[] =>
    usedServices.map((index) => make(services[index] as string, index));
  const milliseconds = (count: number): bigint => BigInt(count) * BigInt(millisecond);

  const operations = flows.flatMap((flow) =>
    flow.slots.map(({ service, operation }) => ({ service, operation })),
  );
  const thresholds = [100, 250, 500, 1000];

  return [
    {
      name: "service",
      queries: perService((service, index) => query({ service }, (d, i) => serviceOf(d, i) === index)),
    },
    {
      name: "service + operation",
      queries: Array.from({ length: 30 }, () => {
        const { service, operation } = operations[
          random.below(operations.length)
        ] as (typeof operations)[number];
        return query(
          { service: services[service] as string, operation },
          (d, i) => serviceOf(d, i) === service && d.flow.slots[i]?.operation === operation,
        );
      }),
    },
    {
      name: "service + common attribute",
      queries: perService((service, index) => {
        const tenant = random.below(tenants.length);
        return query(
          { service, attributes: { "app.tenant": tenants[tenant] as string } },
          (d, i) => serviceOf(d, i) === index && d.tenant === tenant,
        );
      }),
    },
    {
      name: "service + rare attribute",
      queries: perService((service, index) => {
        const rare = random.below(rareExperiments.length);
        return query(
          { service, attributes: { "app.experiment": rareExperiments[rare] as string } },
          (d, i) => serviceOf(d, i) === index && d.experiment[i] === commonExperiments.length + rare,
        );
      }),
    },
    {
      name: "rare attribute, no service",
      queries: rareExperiments.map((value, rare) =>
        query(
          { attributes: { "app.experiment": value } },
          (d, i) => d.experiment[i] === commonExperiments.length + rare,
        ),
      ),
    },
    { name: "unique attribute, no service", queries: uniqueQueries(set, query) },
    {
      name: "service + duration",
      queries: perService((service, index) => {
        const least = thresholds[index % thresholds.length] as number;
        return query(
          { service, minDurationNano: milliseconds(least) },
          (d, i) => serviceOf(d, i) === index && (d.duration[i] as number) >= least * millisecond,
        );
      }),
    },
    {
      name: "duration, no service",
      queries: thresholds.flatMap((least) =>
        [undefined, least + 50].map((most) =>
          query(
            {
              minDurationNano: milliseconds(least),
              ...(most === undefined ? {} : { maxDurationNano: milliseconds(most) }),
            },
            (d, i) => {
              const nano = d.duration[i] as number;
              return nano >= least * millisecond && (most === undefined || nano <= most * millisecond);
            },
          ),
        ),
      ),
    },
    {
      name: "service + error",
      queries: perService((service, index) =>
        query(
          { service, attributes: { error: "true" } },
          (d, i) => serviceOf(d, i) === index && ((d.errors >>> i) & 1) === 1,
        ),
      ),
    },
  ];
}

/** Ranges of time, in nanoseconds after the data set's end (negative), both ends inclusive. */
interface Ranges {
  /** @param around a time that the range holds; undefined: it lies anywhere, every third time in the oldest third. */
  next(length: number, around: number | undefined): { readonly from: number; readonly to: number };
}

function createRanges(set: DataSet): Ranges {
  const random = createRandom(hash(set.seed, 0x7a9e));
  const all = set.traces * stepNano;
  let count = 0;
  return {
    next(length, around) {
      const share = random.below(1_000_000) / 1_000_000;
      if (around !== undefined) {
        const from = Math.floor(around - share * length);
        return { from, to: from + length };
      }
      const isOld = count++ % 3 === 0;
      const room = Math.max(0, (isOld ? all / 3 : all) - length);
      const from = Math.floor(-all + share * room);
      return { from, to: Math.min(from + length, 0) };
    },
  };
}

function uniqueQueries(
  set: DataSet,
  query: (criteria: Criteria, matches: Query["matches"], around?: number) => Query,
): Query[] {
  const random = createRandom(hash(set.seed, 0x1d));
  const draft = createDraft();
  return Array.from({ length: 20 }, () => {
    // Among the newest thousand traces, so that a data set of ten times the size asks for the same spans.
    draftTrace(set, random.below(Math.min(set.traces, 1000)), draft);
    const span = random.below(spansPerTrace);
    const high = draft.requestId[2 * span] as number;
    const low = draft.requestId[2 * span + 1] as number;
    return query(
      { attributes: { "request.id": hexWord(high) + hexWord(low) } },
      (d, i) => d.requestId[2 * i] === high && d.requestId[2 * i + 1] === low,
      draft.start[span],
    );
  });
}
