import { hashRanges } from "../model/hash.js";
import type { Level } from "../query/filter/language/predicate.js";

/**
 * An index term: a hash of 42 bits for one fact about a span, such as "the span attribute `http.method` is `GET`". Engines
 * index fragments by their terms and find candidates by them. Core checks candidates exactly, so a collision costs time
 * and changes no answer.
 */
export type Term = number;

/** The kinds of facts. The hash includes the kind, so that equal texts of different kinds differ. */
const seeds = {
  span: 1,
  resource: 2,
  scope: 3,
  event: 4,
  link: 5,
  key: 0x10,
  number: 0x20,
  wideNumber: 0x28,
  name: 0x30,
  kind: 0x31,
  status: 0x32,
  duration: 0x33,
  statusMessage: 0x34,
  scopeName: 0x35,
  scopeVersion: 0x36,
  eventName: 0x37,
  wideDuration: 0x38,
  serviceName: 0x40,
  serviceStatus: 0x41,
  serviceDuration: 0x42,
  serviceWideDuration: 0x43,
} as const;

const noBytes = new Uint8Array(0);

function ofText(seed: number, first: string, second = ""): Term {
  const a = Buffer.from(first, "utf8");
  const b = second === "" ? noBytes : Buffer.from(second, "utf8");
  return hashRanges(seed, a, 0, a.length, b, 0, b.length);
}

/** The terms of a search, from text. `span-terms.ts` makes the same terms from bytes on a write. */
export const termOf = {
  attribute: (level: Level, key: string, text: string): Term => ofText(seeds[level], key, text),
  attributeKey: (level: Level, key: string): Term => ofText(seeds.key + seeds[level], key),
  numberBucket: (level: Level, key: string, bucket: number): Term =>
    ofText(seeds.number + seeds[level], key, String(bucket)),
  wideNumberBucket: (level: Level, key: string, bucket: number): Term =>
    ofText(seeds.wideNumber + seeds[level], key, String(bucket)),
  name: (name: string): Term => ofText(seeds.name, name),
  kind: (kind: number): Term => ofText(seeds.kind, String(kind)),
  status: (code: number): Term => ofText(seeds.status, String(code)),
  statusMessage: (message: string): Term => ofText(seeds.statusMessage, message),
  duration: (bucket: number): Term => ofText(seeds.duration, String(bucket)),
  wideDuration: (bucket: number): Term => ofText(seeds.wideDuration, String(bucket)),
  scopeName: (name: string): Term => ofText(seeds.scopeName, name),
  scopeVersion: (version: string): Term => ofText(seeds.scopeVersion, version),
  eventName: (name: string): Term => ofText(seeds.eventName, name),
  serviceName: (service: string, name: string): Term => ofText(seeds.serviceName, service, name),
  serviceStatus: (service: string, code: number): Term => ofText(seeds.serviceStatus, service, String(code)),
  serviceDuration: (service: string, bucket: number): Term =>
    ofText(seeds.serviceDuration, service, String(bucket)),
  serviceWideDuration: (service: string, bucket: number): Term =>
    ofText(seeds.serviceWideDuration, service, String(bucket)),
};

export { seeds as termSeeds };

/** Duration buckets are half octaves: bucket b holds [2^(b/2), 2^((b+1)/2)), give or take rounding. */
const bucketsPerOctave = 2;
/** Numbers of smaller and larger magnitude share the outermost buckets. */
const smallestExponent = -16;
const largestExponent = 64;

/** A wide bucket joins this many buckets: a few of each cover a range that would take dozens of narrow ones. */
export const bucketsPerWide = 8;

/** The wide bucket that contains a bucket. */
export function wideBucket(bucket: number): number {
  return Math.floor(bucket / bucketsPerWide);
}

/** The bucket of the longest durations, from about five hours on. */
export const maxDurationBucket = 44 * bucketsPerOctave;

/**
 * The bucket of a duration in nanoseconds. Durations of up to a nanosecond, also negative ones, share bucket 0.
 */
export function durationBucket(nanos: number): number {
  return nanos <= 1 ? 0 : Math.min(Math.floor(Math.log2(nanos) * bucketsPerOctave), maxDurationBucket);
}

/**
 * The bucket of an attribute's number, monotonic in the number: a bucket for each power of two, negative for negative
 * numbers, 0 for zero. NaN compares with nothing and has no bucket.
 */
export function numberBucket(value: number): number | undefined {
  if (Number.isNaN(value)) return undefined;
  if (value === 0) return 0;
  const magnitude = Math.abs(value);
  const exponent = Math.min(Math.max(Math.floor(Math.log2(magnitude)), smallestExponent), largestExponent);
  const bucket = exponent - smallestExponent + 1;
  return value < 0 ? -bucket : bucket;
}

/** The largest number bucket; its negative is the smallest. */
export const maxNumberBucket = largestExponent - smallestExponent + 1;
