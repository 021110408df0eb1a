import { setTimeout as delay } from "node:timers/promises";
import { SpanStoreError } from "@spanstore/core";
import { matchesPattern } from "../routing/patterns.js";

export interface RateLimitOptions {
  /** Of every tenant, or of all callers where there are no tenants; undefined: no bound. */
  readonly bytesPerSecond: number | undefined;
  /** The first pattern that a tenant's name matches has its bound in place of the common one. */
  readonly ofTenants: readonly { readonly pattern: string; readonly value: number }[];
}

/** Holds one tenant's writes to a rate. */
export interface RateLimit {
  /** @throws OVERLOADED, with when to come again, if the rate is used up. */
  readonly take: (bytes: number) => void;
  /** Resolves when the rate lets so many bytes through. */
  readonly pass: (bytes: number, signal: AbortSignal) => Promise<void>;
}

/** So much of a rate may come at once after a rest, in seconds. */
const burstSeconds = 5;

/**
 * The rates of tenants, each a bucket that fills at the rate. A request is let in while the bucket is not empty, and may
 * empty it further than that: so one that is larger than the bucket is only followed by a longer pause.
 */
export function createRateLimits(
  options: RateLimitOptions,
  refused: () => void,
): (tenant: string | undefined) => RateLimit | undefined {
  const buckets = new Map<string | undefined, RateLimit>();
  return (tenant) => {
    const rate = rateOf(options, tenant);
    if (rate === undefined) return undefined;
    let bucket = buckets.get(tenant);
    if (bucket === undefined) {
      bucket = createBucket(rate, refused);
      buckets.set(tenant, bucket);
    }
    return bucket;
  };
}

function rateOf(
  { bytesPerSecond, ofTenants }: RateLimitOptions,
  tenant: string | undefined,
): number | undefined {
  if (tenant === undefined) return bytesPerSecond;
  return ofTenants.find(({ pattern }) => matchesPattern(pattern, tenant))?.value ?? bytesPerSecond;
}

function createBucket(bytesPerSecond: number, refused: () => void): RateLimit {
  const most = bytesPerSecond * burstSeconds;
  let level = most;
  let filledAt = performance.now();

  /** How long until something is in the bucket, in milliseconds. */
  const untilOpen = (): number => {
    const now = performance.now();
    level = Math.min(most, level + ((now - filledAt) / 1000) * bytesPerSecond);
    filledAt = now;
    return level > 0 ? 0 : Math.max(1, (-level / bytesPerSecond) * 1000);
  };

  return {
    take: (bytes) => {
      const wait = untilOpen();
      if (wait > 0) {
        refused();
        throw new SpanStoreError(
          "OVERLOADED",
          `more than ${bytesPerSecond} bytes of spans come in a second`,
          {
            field: "limits.bytes-per-second",
            hint: "try again later",
            retryAfterMillis: wait,
          },
        );
      }
      level -= bytes;
    },
    pass: async (bytes, signal) => {
      for (let wait = untilOpen(); wait > 0 && !signal.aborted; wait = untilOpen()) {
        await delay(wait, undefined, { signal }).catch(() => undefined);
      }
      level -= bytes;
    },
  };
}
