import type { SpanStore } from "@spanstore/core";
import type { Logger } from "pino";
import type { Archive } from "../routing/archive.js";
import type { Headers, TenantOf } from "../routing/tenancy.js";
import type { Need } from "../security/authorizer.js";
import type { Metrics } from "../upkeep/metrics.js";
import type { ReadinessCheck } from "../upkeep/readiness.js";

export interface RouteOptions {
  readonly store: SpanStore;
  readonly archive: Archive | undefined;
  readonly readiness: ReadinessCheck;
  readonly metrics: Metrics;
  readonly allowPurge: boolean;
  /** The tenant of a request. Undefined, or for a request without a tenant: the default tenant. */
  readonly tenantOf: TenantOf | undefined;
  readonly log: Logger;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Route {
  readonly methods: readonly string[];
  /** The right that a request needs; `nothing` is for probes, which need no certificate either. */
  readonly need: Need;
  answer(parameters: URLSearchParams, headers: Headers): Promise<Answer>;
}

const json = "application/json; charset=utf-8";

/** The routes of the admin port, by path. */
export function createRoutes(options: RouteOptions): ReadonlyMap<string, Route> {
  const { archive, readiness, metrics, allowPurge, log } = options;
  const read = ["GET", "HEAD"];
  const ofTenant = (store: SpanStore, headers: Headers): SpanStore => {
    const tenant = options.tenantOf?.(headers);
    return tenant === undefined ? store : store.forTenant(tenant);
  };
  /** Answers requests with one parameter `time`. */
  const atTime =
    (answer: (time: bigint, store: SpanStore) => Promise<Answer>): Route["answer"] =>
    async (parameters, headers) => {
      const time = unixNanos(parameters.getAll("time"));
      if (time === undefined) {
        return { status: 400, body: `time: must be nanoseconds since 1970, 0 to ${latestTime}\n` };
      }
      return answer(time, ofTenant(options.store, headers));
    };
  const whereAllowed =
    (answer: Route["answer"]): Route["answer"] =>
    async (parameters, headers) =>
      allowPurge ? answer(parameters, headers) : purgingIsOff;

  return new Map<string, Route>([
    ["/healthz", { methods: read, need: "nothing", answer: async () => ({ status: 200, body: "ok\n" }) }],
    [
      "/readyz",
      {
        methods: read,
        need: "nothing",
        async answer() {
          const { ready, reason } = await readiness.ask();
          return ready ? { status: 200, body: "ready\n" } : { status: 503, body: `not ready: ${reason}\n` };
        },
      },
    ],
    [
      "/metrics",
      {
        methods: read,
        need: "read",
        answer: async () => ({
          status: 200,
          body: await metrics.registry.metrics(),
          contentType: metrics.registry.contentType,
        }),
      },
    ],
    [
      "/tenants",
      {
        methods: read,
        need: "all",
        answer: async () => jsonAnswer(options.tenantOf === undefined ? [] : await options.store.tenants()),
      },
    ],
    [
      "/expiring",
      {
        methods: read,
        need: "all",
        answer: atTime(async (time, store) => jsonAnswer(await store.expire(time, { dryRun: true }))),
      },
    ],
    [
      "/expire",
      {
        methods: ["POST"],
        need: "all",
        answer: whereAllowed(
          atTime(async (time, store) => {
            const expired = await store.expire(time);
            log.warn({ time: String(time), expired }, "old spans were removed");
            return jsonAnswer(expired);
          }),
        ),
      },
    ],
    [
      "/purge",
      {
        methods: ["POST"],
        need: "all",
        answer: whereAllowed(async (_parameters, headers) => {
          await ofTenant(options.store, headers).purge();
          if (archive !== undefined) await ofTenant(await archive.open(), headers).purge();
          log.warn("the store was purged");
          return { status: 200, body: "purged\n" };
        }),
      },
    ],
    [
      "/delete-before",
      {
        methods: ["POST"],
        need: "all",
        answer: whereAllowed(
          atTime(async (time, store) => {
            await store.deleteBefore(time);
            log.warn({ time: String(time) }, "spans that started earlier were deleted");
            return { status: 200, body: "deleted\n" };
          }),
        ),
      },
    ],
  ]);
}

const purgingIsOff: Answer = {
  status: 403,
  body: "purging is off; start the server with --allow-purge\n",
};

function jsonAnswer(value: unknown): Answer {
  return { status: 200, body: `${JSON.stringify(value)}\n`, contentType: json };
}

/** One nanosecond after the latest start of a span. */
const latestTime = 2n ** 64n;

/** Reads the only value as a time; undefined for an invalid one, or for several. */
function unixNanos(texts: readonly string[]): bigint | undefined {
  const [text = ""] = texts;
  if (texts.length !== 1 || !/^\d{1,20}$/.test(text)) return undefined;
  const time = BigInt(text);
  return time > latestTime ? undefined : time;
}
