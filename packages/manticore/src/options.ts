import { SpanStoreError } from "@spanstore/core";
import { checkWindowLength, type WindowLength } from "./windows.js";

export interface ManticoreOptions {
  /**
   * `mysql://user:password@host:9306`, the address of searchd's listener for the MySQL protocol; `mysqls:` for TLS.
   * Of several, the first is used while it answers, and the next ones in its stead.
   */
  readonly url: string | readonly string[];
  /** Certificates of authorities to trust, PEM; with a `mysqls:` address. */
  readonly ca?: string | undefined;
  /** What the tables' names begin with: lower-case letters, digits and `_`; "jaeger_" by default. */
  readonly prefix?: string | undefined;
  /** How much time a table holds: "day" by default. A store keeps to what it was made with. */
  readonly window?: WindowLength | undefined;
  /** Connections for writes, each with a statement in flight; 2 by default. */
  readonly writers?: number | undefined;
  /** Connections for reads, made as they are needed; 8 by default. */
  readonly readers?: number | undefined;
  /** A replication cluster that the tables are made in and written through. */
  readonly cluster?: string | undefined;
  /** For how long a statement that found nobody is tried again, in milliseconds; 2000 by default. */
  readonly retryMillis?: number | undefined;
  /** How long a statement may take, in milliseconds; 60000 by default. */
  readonly timeoutMillis?: number | undefined;
  /** Is told at opening what of searchd's settings makes the store weaker than it could be. */
  readonly warn?: ((message: string) => void) | undefined;
}

export interface Address {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly tls: boolean;
}

/** Options that were checked, with all defaults. */
export interface Settings {
  readonly addresses: readonly Address[];
  readonly ca: string | undefined;
  readonly prefix: string;
  readonly window: WindowLength;
  readonly writers: number;
  readonly readers: number;
  readonly cluster: string | undefined;
  readonly retryMillis: number;
  readonly timeoutMillis: number;
}

/** @throws INVALID_OPTIONS naming the option. */
export function checkOptions(options: ManticoreOptions): Settings {
  const { url, prefix = "jaeger_", window = "day", cluster } = options;
  const urls = typeof url === "string" ? [url] : url;
  if (!Array.isArray(urls) || urls.length === 0) throw invalid("url", "names no address");
  if (!/^[a-z_][a-z0-9_]{0,31}$/.test(prefix)) {
    throw invalid("prefix", "is no name of at most 32 lower-case letters, digits and _");
  }
  checkWindowLength(window);
  if (cluster !== undefined && !/^[a-z_][a-z0-9_]*$/i.test(cluster)) throw invalid("cluster", "is no name");
  return {
    addresses: urls.map(addressOf),
    ca: options.ca,
    prefix,
    window,
    writers: wholeNumber("writers", options.writers ?? 2, 1, 64),
    readers: wholeNumber("readers", options.readers ?? 8, 1, 1024),
    cluster,
    retryMillis: wholeNumber("retryMillis", options.retryMillis ?? 2_000, 0, 600_000),
    timeoutMillis: wholeNumber("timeoutMillis", options.timeoutMillis ?? 60_000, 1, 3_600_000),
  };
}

const defaultPort = 9306;

function addressOf(text: string): Address {
  let url: URL;
  try {
    url = new URL(text);
  } catch (error) {
    throw invalid("url", "is no URL", error);
  }
  if (url.protocol !== "mysql:" && url.protocol !== "mysqls:") {
    throw invalid("url", "does not begin with mysql:// or mysqls://");
  }
  if (url.hostname === "") throw invalid("url", "names no host");
  return {
    // Brackets around an IPv6 address are the URL's.
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? defaultPort : Number(url.port),
    user: decoded(url.username),
    password: decoded(url.password),
    tls: url.protocol === "mysqls:",
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    throw invalid("url", "has a user or password that is not percent-encoded right", error);
  }
}

function wholeNumber(field: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw invalid(field, `is no whole number from ${min} to ${max}`);
}

function invalid(field: string, problem: string, cause?: unknown): SpanStoreError {
  return new SpanStoreError("INVALID_OPTIONS", `${field} ${problem}`, { field, cause });
}
