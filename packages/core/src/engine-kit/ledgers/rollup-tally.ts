import { type SpanFacts, visitSpanFacts } from "../../fragments/span-facts.js";
import { hashRanges } from "../../model/hash.js";
import { latencyIndex } from "../../model/latency.js";
import type { Fragment } from "../../store/contract/engine.js";
import { maxRollupSeries, type RollupSeries, rollupKey, rollupNanos } from "../../store/contract/metrics.js";
import { visitDistinctSpans } from "../../store/reading/distinct-spans.js";
import { createRollupBuckets } from "./rollup-buckets.js";
import { createSeenIds } from "./seen-ids.js";

const noBytes = new Uint8Array(0);
const nanosPerMinute = Number(rollupNanos);
const wordSize = 2 ** 32;

/** A series, with the bytes of its operation's name. */
interface KnownSeries {
  readonly number: number;
  readonly service: string;
  readonly kind: number;
  readonly statusCode: number;
  readonly name: Uint8Array;
}

/** The memory of a series, which holds its name twice. */
const bytesPerSeries = 256;

/** Counts whole traces by minute, service, operation, kind, status and latency. */
export function createRollupTally() {
  const buckets = createRollupBuckets();
  const series: RollupSeries[] = [];
  const services = new Map<string, number>();
  /** Series by a hash of their fields. */
  const known = new Map<number, KnownSeries[]>();
  const ids = createSeenIds();

  const seriesOf = (
    service: string,
    kind: number,
    statusCode: number,
    bytes: Uint8Array,
    nameAt: number,
    nameEnd: number,
  ): number => {
    let seed = services.get(service);
    if (seed === undefined) {
      seed = services.size;
      services.set(service, seed);
    }
    const hash = hashRanges((seed * 31 + kind) * 31 + statusCode, bytes, nameAt, nameEnd, noBytes, 0, 0);
    let alike = known.get(hash);
    if (alike === undefined) {
      alike = [];
      known.set(hash, alike);
    }
    for (const each of alike) {
      if (
        each.kind === kind &&
        each.statusCode === statusCode &&
        each.service === service &&
        isSame(each.name, bytes, nameAt, nameEnd)
      )
        return each.number;
    }
    const name = bytes.slice(nameAt, nameEnd);
    const operation = Buffer.from(name.buffer, name.byteOffset, name.length).toString("utf8");
    const number = series.push({ service, operation, kind, statusCode }) - 1;
    alike.push({ number, service, kind, statusCode, name });
    return number;
  };

  /** Minutes and keys of the spans, alternating; undefined when two spans may be copies. */
  const readOnce = (
    trace: readonly Fragment[],
    first: number,
    last: number,
  ): { found: number[]; oldest: bigint | undefined } | undefined => {
    const found: number[] = [];
    let oldestHigh = Number.POSITIVE_INFINITY;
    let oldestLow = 0;
    let hasCopies = false;
    ids.begin();
    const note = (facts: SpanFacts): void => {
      const { bytes, service, kind, statusCode, nameAt, nameEnd } = facts;
      const { startHigh, startLow, endHigh, endLow } = facts;
      if (ids.add(facts.spanIdLow)) hasCopies = true;
      if (startHigh < oldestHigh || (startHigh === oldestHigh && startLow < oldestLow)) {
        oldestHigh = startHigh;
        oldestLow = startLow;
      }
      const minute = minuteOf(startHigh, startLow);
      if (minute < first || minute >= last) return;
      const number = seriesOf(service, kind, statusCode, bytes, nameAt, nameEnd);
      if (number >= maxRollupSeries) return;
      const duration = (endHigh - startHigh) * wordSize + (endLow - startLow);
      found.push(minute, rollupKey(number, latencyIndex(duration)));
    };
    for (const { encoded } of trace) {
      visitSpanFacts(encoded, note);
      if (hasCopies) return undefined;
    }
    const oldest =
      oldestHigh === Number.POSITIVE_INFINITY ? undefined : (BigInt(oldestHigh) << 32n) | BigInt(oldestLow);
    return { found, oldest };
  };

  /** As `readOnce`, for traces that may have copies: compares whole spans. */
  const readDistinct = (trace: readonly Fragment[], first: number, last: number) => {
    let oldest: bigint | undefined;
    const found: number[] = [];
    visitDistinctSpans(trace, (span) => {
      const start = span.startTimeUnixNano;
      if (oldest === undefined || start < oldest) oldest = start;
      const minute = Number(start / rollupNanos);
      if (minute < first || minute >= last) return;
      const { kind, statusCode, resource, head } = span;
      const number = seriesOf(resource.serviceName, kind, statusCode, head.bytes, head.nameAt, head.nameEnd);
      if (number >= maxRollupSeries) return;
      found.push(minute, rollupKey(number, latencyIndex(Number(span.durationNano))));
    });
    return { found, oldest };
  };

  /** `from` and `to` are whole minutes, or later than any span. */
  const scan = (trace: readonly Fragment[], from: bigint, to: bigint) => {
    const first = Number((from + rollupNanos - 1n) / rollupNanos);
    const last = Number((to + rollupNanos - 1n) / rollupNanos);
    const { found, oldest } = readOnce(trace, first, last) ?? readDistinct(trace, first, last);
    const apply = (spans: 1 | -1): void => {
      for (let i = 0; i < found.length; i += 2)
        buckets.add(found[i] as number, found[i + 1] as number, spans);
    };
    return { oldestStartUnixNano: oldest ?? to, add: () => apply(1), remove: () => apply(-1) };
  };

  return {
    scan,
    bytes: () => buckets.bytes() + series.length * bytesPerSeries,
    /** Undefined when there are more series than a key can number. */
    rollups: (from: bigint, to: bigint) =>
      series.length > maxRollupSeries
        ? undefined
        : {
            series: [...series],
            minutes: buckets.minutes(Number(from / rollupNanos), Number(to / rollupNanos)),
          },
  };
}

/** The minute of a time given as two 32-bit words: exact, though a double can not hold the time. */
function minuteOf(high: number, low: number): number {
  const upper = high * wordSize;
  const rest = upper % nanosPerMinute;
  return (upper - rest) / nanosPerMinute + Math.floor((rest + low) / nanosPerMinute);
}

function isSame(name: Uint8Array, bytes: Uint8Array, at: number, end: number): boolean {
  if (name.length !== end - at) return false;
  for (let i = 0; i < name.length; i++) if (name[i] !== bytes[at + i]) return false;
  return true;
}
