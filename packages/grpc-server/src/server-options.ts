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
  /** OTLP over gRPC, and whatever else is served over gRPC. */
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
   * Opens the second store, of archived traces; called when it is first used. The server closes
   * it. Default: there is none, and archiving fails with UNIMPLEMENTED.
   */
  readonly openArchive?: () => Promise<SpanStore>;
  /**
   * HOST:PORT where the archive is served in place of the store, port 0 for any free one. Default: nowhere, so that
   * it is reached by storage.v1's archive services and by the header `spanstore-store: archive`.
   */
  readonly archiveListen?: string | undefined;
  /**
   * Whether storage.v1 says that it takes streams of spans, so that Jaeger up to 1.65 writes by them: faster, but
   * without waiting until a span is durable. Later ones lose spans then. Default: false; the streams are served either way.
   */
  readonly declareStreaming?: boolean;
  /** Gives each tenant a store of its own. Default: all calls are served from the one store. */
  readonly tenancy?: TenancyOptions | undefined;
  /** The certificates of gRPC, of the archive's port and of the admin port. Default: none, and all is plain text. */
  readonly tls?:
    | (TlsOptions & {
        /** Whether the admin port has them, too. Default: true. */
        readonly admin?: boolean;
      })
    | undefined;
  /** The tokens that callers must have. Default: every caller may do everything. */
  readonly auth?: AuthOptions | undefined;
  /** HOST:PORT for Jaeger's query API and OTLP over HTTP, port 0 for any free one. Default: not over HTTP. */
  readonly httpListen?: string | undefined;
  /** Origins of browsers that may call over HTTP, or `*`. Default: none. */
  readonly corsOrigins?: readonly string[];
  /** A folder with the built files of Jaeger's UI, which is served in place of our page. Default: our page is. */
  readonly uiDir?: string | undefined;
  /** The version that the page shows. Default: none. */
  readonly version?: string;
  /** A diagnosis of the backend for the page. It changes nothing. Default: none. */
  readonly diagnose?: () => Promise<readonly Finding[]>;
  /** How far times are moved where hosts' clocks disagree, in milliseconds, in traces that HTTP shows. Default: 0. */
  readonly maxClockSkewMs?: number;
  /** Series of `/metrics/spans`; those beyond are counted in one more. Default: 2,000. */
  readonly maxSpanSeries?: number;
  /** The ports of Jaeger's all-in-one, beside the others: HOST:PORT each. Default: none. */
  readonly allInOne?: AllInOneAddresses | undefined;
  /** HOST:PORT for the admin server, port 0 for any free one. Default: no admin server. */
  readonly admin?: string;
  /** Whether POST /purge on the admin server empties the store. Default: false. */
  readonly allowPurge?: boolean;
  /** Calls of one connection at the same time. Default: 1000. */
  readonly maxCallsPerConnection?: number;
  /** Names and values of a call's headers together. Default: 16 KiB. */
  readonly maxHeaderBytes?: number;
  /** Bounds of a span; a span beyond them is a dead letter. Default: whatever fits in a request. */
  readonly spanLimits?: SpanLimits;
  /** Rates of writes. Default: no bound. */
  readonly rates?: RateLimitOptions;
  /** A file for spans that can never be stored, and how much it may occupy. Default: they go to the log. */
  readonly deadLetters?: { readonly file: string; readonly maxBytes: number } | undefined;
  /** Which spans are too old to be kept, and how often they are removed, in milliseconds. Default: all are kept. */
  readonly retention?: RetentionPolicy & { readonly intervalMs: number };
  /** Watches over the spans that arrive. Default: none. */
  readonly watches?: WatchOptions | undefined;
  /** How long `close` waits for calls in flight before it ends them. Default: 10 s. */
  readonly shutdownGraceMs?: number;
  /** Default: silence. */
  readonly logger?: Logger;
  /** Whether /metrics shows memory, CPU and event loop of the process. Default: false. */
  readonly processMetrics?: boolean;
}
