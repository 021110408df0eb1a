import type { SpanStore } from "@spanstore/core";
import type { Expired } from "@spanstore/core/engine";
import type { Logger } from "pino";
import { matchesPattern } from "../routing/patterns.js";
import type { Metrics } from "./metrics.js";

export interface RetentionPolicy {
  /** How long spans are kept, in milliseconds; undefined: for ever. */
  readonly keepMs: number | undefined;
  /** The first pattern that matches a tenant's name replaces the common time. */
  readonly ofTenants: readonly { readonly pattern: string; readonly value: number }[];
}

export interface RetentionOptions {
  readonly store: SpanStore;
  /** `intervalMs` is the interval, give or take a fifth, so that several servers do not run at the same time. */
  readonly policy: RetentionPolicy & { readonly intervalMs: number };
  /** Whether to remove old spans of tenants too. */
  readonly tenants: boolean;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** Removes old spans at every interval. */
export interface Retention {
  /** Stops, and waits for a run under way. */
  readonly stop: () => Promise<void>;
}

const nanosPerMilli = 1_000_000n;
/** The first run comes soon after the start, so that a server that restarts often has runs at all. */
const firstWithinMs = 30_000;

/** How long the spans of a tenant (undefined: the default tenant) are kept, in milliseconds; undefined: for ever. */
export function keepMsOf(policy: RetentionPolicy, tenant: string | undefined): number | undefined {
  if (tenant === undefined) return policy.keepMs;
  return policy.ofTenants.find(({ pattern }) => matchesPattern(pattern, tenant))?.value ?? policy.keepMs;
}

/** The time before which spans are old, in nanoseconds since 1970. */
export function boundaryOf(keepMs: number, nowMs: number): bigint {
  return BigInt(Math.max(0, nowMs - keepMs)) * nanosPerMilli;
}

/** Starts retention; undefined when the policy keeps every span. */
export function startRetention(options: RetentionOptions): Retention | undefined {
  const { store, policy, metrics, log } = options;
  const { intervalMs } = policy;
  if (policy.keepMs === undefined && policy.ofTenants.length === 0) return undefined;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();

  const expire = async (one: SpanStore, tenant: string | undefined): Promise<void> => {
    const keepMs = keepMsOf(policy, tenant);
    if (keepMs === undefined || stopped) return;
    const gone = await one.expire(boundaryOf(keepMs, Date.now()));
    for (const each of gone) told(each, tenant);
  };

  const told = ({ name, spans, bytes }: Expired, tenant: string | undefined): void => {
    metrics.expired(spans, bytes);
    log.info({ name, spans, bytes, tenant }, "old spans were removed");
  };

  const run = async (): Promise<void> => {
    let failure: unknown;
    const attempt = async (work: () => Promise<void>): Promise<void> => {
      try {
        await work();
      } catch (error) {
        // A failure for one tenant must not keep the old spans of others.
        failure ??= error;
      }
    };
    await attempt(() => expire(store, undefined));
    if (options.tenants) {
      await attempt(async () => {
        for (const tenant of await store.tenants()) {
          if (keepMsOf(policy, tenant) !== undefined)
            await attempt(() => expire(store.forTenant(tenant), tenant));
        }
      });
    }
    if (stopped) return;
    metrics.retentionRan(failure === undefined);
    if (failure !== undefined)
      log.error({ err: failure }, "old spans could not be removed; tried again later");
  };

  const schedule = (ms: number): void => {
    if (stopped) return;
    timer = setTimeout(() => {
      running = run().finally(() => schedule(intervalMs * (0.8 + 0.4 * Math.random())));
    }, ms).unref();
  };
  schedule(Math.min(intervalMs, firstWithinMs) * Math.random());

  return {
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
