import type { SpanStore } from "@spanstore/core";
import type { Finding, SpanLimits } from "@spanstore/core/engine";
import type { Logger } from "pino";
import type { LimitOptions } from "./limits/limits.js";
import type { RateLimitOptions } from "./limits/rate-limits.js";
import type { TenancyOptions } from "./routing/tenancy.js";
import type { AuthOptions } from "./security/authorizer.js";
import type { TlsOptions } from "./security/tls-source.js";
import type { RetentionPolicy } from "./upkeep/retention.js";
import type { WatchOptions } from "./upkeep/watches.js";

/** Addresses of the ports of Jaeger's all-in-one. */
export interface AllInOneAddresses {
  /** OTLP and all other services over gRPC. */
  readonly otlpGrpc: string;
  readonly otlpHttp: string;
  /** Jaeger's query API. */
  readonly query: string;
}

export interface ServerOptions extends LimitOptions {
  /** The store to serve. It stays the caller's: `close` does not close it. */
  readonly store: SpanStore;
  /** HOST:PORT for gRPC, port 0 for any free one. Default: 127.0.0.1:17271. */
  readonly listen?: string;
  /**
   * Opens the store of archived traces at its first use. The server closes it. Default: none, and archiving fails with
   * UNIMPLEMENTED.
   */
  readonly openArchive?: () => Promise<SpanStore>;
  /**
   * HOST:PORT for gRPC over the archive in place of the store, port 0 for any free one. Default: none. storage.v1's archive
   * services and the header `spanstore-store: archive` reach the archive on the other port too.
   */
  readonly archiveListen?: string | undefined;
  /**
   * Whether storage.v1 declares streams of spans, so that Jaeger up to 1.65 writes by them: faster, but without waiting
   * until a span is durable. Later versions lose spans this way. Default: false. The streams themselves always work.
   */
  readonly declareStreaming?: boolean;
  /** Gives each tenant a separate store. Default: all calls share one store. */
  readonly tenancy?: TenancyOptions | undefined;
  /** The certificates of all ports. Default: none, and the ports are plain text. */
  readonly tls?:
    | (TlsOptions & {
        /** Whether the admin port uses them too. Default: true. */
        readonly admin?: boolean;
      })
    | undefined;
  /** The tokens that callers must have. Default: every caller may do everything. */
  readonly auth?: AuthOptions | undefined;
  /** HOST:PORT for the page, Jaeger's query API and OTLP over HTTP, port 0 for any free one. Default: none. */
  readonly httpListen?: string | undefined;
  /** Origins of browsers that may call over HTTP, or `*`. Default: none. */
  readonly corsOrigins?: readonly string[];
  /** A folder with the built files of Jaeger's UI, to serve in place of our page. Default: our page. */
  readonly uiDir?: string | undefined;
  /** The version that the page shows. Default: none. */
  readonly version?: string;
  /** A diagnosis of the backend for the page. It changes nothing. Default: none. */
  readonly diagnose?: () => Promise<readonly Finding[]>;
  /** The most by which times are moved when hosts' clocks disagree, in milliseconds. Default: 0. */
  readonly maxClockSkewMs?: number;
  /** The most series of `/metrics/spans`; one more counts the rest. Default: 2,000. */
  readonly maxSpanSeries?: number;
  /** The ports of Jaeger's all-in-one, beside the others: HOST:PORT each. Default: none. */
  readonly allInOne?: AllInOneAddresses | undefined;
  /** HOST:PORT for the admin server, port 0 for any free one. Default: no admin server. */
  readonly admin?: string;
  /** Whether POST /purge on the admin server empties the store. Default: false. */
  readonly allowPurge?: boolean;
  /** The most calls of one connection at the same time. Default: 1000. */
  readonly maxCallsPerConnection?: number;
  /** The most bytes of a call's headers, names and values together. Default: 16 KiB. */
  readonly maxHeaderBytes?: number;
  /** Bounds of a span; a span beyond them is a dead letter. Default: only the size of requests is bounded. */
  readonly spanLimits?: SpanLimits;
  /** Rates of writes. Default: no bound. */
  readonly rates?: RateLimitOptions;
  /** A file for spans that can never be stored, and its most bytes. Default: they go to the log. */
  readonly deadLetters?: { readonly file: string; readonly maxBytes: number } | undefined;
  /** The age at which spans are removed, and the interval of removing them, in milliseconds. Default: all are kept. */
  readonly retention?: RetentionPolicy & { readonly intervalMs: number };
  /** Watches over arriving spans. Default: none. */
  readonly watches?: WatchOptions | undefined;
  /** How long `close` waits for calls in flight before it ends them, in milliseconds. Default: 10 s. */
  readonly shutdownGraceMs?: number;
  /** Default: silence. */
  readonly logger?: Logger;
  /** Whether /metrics shows memory, CPU and event loop of the process. Default: false. */
  readonly processMetrics?: boolean;
}
