import { setTimeout as delay } from "node:timers/promises";
import { SpanStoreError } from "@spanstore/core";
import { matchesPattern } from "../routing/patterns.js";

export interface RateLimitOptions {
  /** The rate of each tenant, or of all callers without tenancy; undefined: no bound. */
  readonly bytesPerSecond: number | undefined;
  /** The first pattern that matches a tenant's name replaces the common rate. */
  readonly ofTenants: readonly { readonly pattern: string; readonly value: number }[];
}

/** Holds one tenant's writes to a rate. */
export interface RateLimit {
  /** @throws OVERLOADED with the time to try again, when the rate is used up. */
  readonly take: (bytes: number) => void;
  /** Resolves when the rate allows the bytes. */
  readonly pass: (bytes: number, signal: AbortSignal) => Promise<void>;
}

/** The largest burst after a pause, in seconds of the rate. */
const burstSeconds = 5;

/** From this number of buckets on, full ones are dropped whenever the number has doubled. */
const fewBuckets = 64;

/**
 * The rates of tenants, each a bucket that fills at its rate. A request passes while the bucket is not empty, and may
 * overdraw it, so that a request larger than the bucket passes too and causes a longer pause.
 * @param now the time in milliseconds. Default: the process's.
 */
export function createRateLimits(
  options: RateLimitOptions,
  refused: () => void,
  now: () => number = () => performance.now(),
): (tenant: string | undefined) => RateLimit | undefined {
  const buckets = new Map<string | undefined, Bucket>();
  let sweepAt = fewBuckets;

  const bucketOf = (tenant: string | undefined, rate: number): Bucket => {
    let bucket = buckets.get(tenant);
    if (bucket !== undefined) return bucket;
    if (buckets.size >= sweepAt) {
      for (const [other, full] of buckets) {
        if (full.isFull()) buckets.delete(other);
      }
      sweepAt = Math.max(fewBuckets, 2 * buckets.size);
    }
    bucket = createBucket(rate, now);
    buckets.set(tenant, bucket);
    return bucket;
  };

  return (tenant) => {
    const rate = rateOf(options, tenant);
    if (rate === undefined) return undefined;
    return {
      take: (bytes) => {
        const bucket = bucketOf(tenant, rate);
        const wait = bucket.untilOpen();
        if (wait === 0) {
          bucket.take(bytes);
          return;
        }
        refused();
        throw new SpanStoreError("OVERLOADED", `more than ${rate} bytes of spans come in a second`, {
          field: "limits.bytes-per-second",
          hint: "try again later",
          retryAfterMillis: wait,
        });
      },
      pass: async (bytes, signal) => {
        const untilOpen = (): number => bucketOf(tenant, rate).untilOpen();
        for (let wait = untilOpen(); wait > 0 && !signal.aborted; wait = untilOpen()) {
          await delay(wait, undefined, { signal }).catch(() => undefined);
        }
        bucketOf(tenant, rate).take(bytes);
      },
    };
  };
}

function rateOf(
  { bytesPerSecond, ofTenants }: RateLimitOptions,
  tenant: string | undefined,
): number | undefined {
  if (tenant === undefined) return bytesPerSecond;
  return ofTenants.find(({ pattern }) => matchesPattern(pattern, tenant))?.value ?? bytesPerSecond;
}

interface Bucket {
  /** Milliseconds until the bucket is not empty. */
  readonly untilOpen: () => number;
  readonly take: (bytes: number) => void;
  readonly isFull: () => boolean;
}

function createBucket(bytesPerSecond: number, now: () => number): Bucket {
  const most = bytesPerSecond * burstSeconds;
  let level = most;
  let filledAt = now();

  const fill = (): void => {
    const time = now();
    level = Math.min(most, level + ((time - filledAt) / 1000) * bytesPerSecond);
    filledAt = time;
  };

  return {
    untilOpen: () => {
      fill();
      return level > 0 ? 0 : Math.max(1, (-level / bytesPerSecond) * 1000);
    },
    take: (bytes) => {
      level -= bytes;
    },
    isFull: () => {
      fill();
      return level === most;
    },
  };
}
