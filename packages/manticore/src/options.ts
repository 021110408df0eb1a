import {
  checkWindowLength,
  invalidOption,
  type WindowLength,
  wholeNumberOption,
} from "@spanstore/core/engine";
import { type AttributeStorage, attributeStorages } from "./schema/schema.js";

export interface ManticoreOptions {
  /**
   * `mysql://user:password@host:9306`, the address of searchd's listener for the MySQL protocol; `mysqls:` for TLS.
   * With several addresses, the store uses the first, and the next ones while it does not answer.
   */
  readonly url: string | readonly string[];
  /** Certificates of the authorities to trust, as PEM; used with `mysqls:` addresses. */
  readonly ca?: string | undefined;
  /** The prefix of all table names: lower-case letters, digits and `_`; "jaeger_" by default. */
  readonly prefix?: string | undefined;
  /** The time that one table holds: "day" by default. A store keeps the window it was made with. */
  readonly window?: WindowLength | undefined;
  /**
   * How new windows of `jaeger_spans` keep the attributes of spans and resources, `tags` and `process`: `stored`, to be
   * read (default); `words`, for MATCH too; `json`, as columns that SQL can filter by.
   */
  readonly attributes?: AttributeStorage | undefined;
  /** Groups of requests written at the same time; 2 by default. Each uses two connections. */
  readonly writers?: number | undefined;
  /** Connections for reads, opened as needed; 8 by default. */
  readonly readers?: number | undefined;
  /** The replication cluster that the tables belong to. */
  readonly cluster?: string | undefined;
  /**
   * Addresses of daemons that each hold a part of the spans, like `url`. The daemon at `url` then only joins their
   * answers, by distributed tables with one agent per shard. `?agent=host:port` is the address at which a shard listens
   * for other daemons; by default the same host, port 9312.
   */
  readonly shards?: readonly string[] | undefined;
  /** How long a statement that reaches no searchd is retried, in milliseconds; 2000 by default. */
  readonly retryMillis?: number | undefined;
  /** How long a statement may take, in milliseconds; 60000 by default. */
  readonly timeoutMillis?: number | undefined;
  /**
   * Receives warnings: settings of searchd that weaken the store, options that differ from the store's, and repairs that
   * the store did by itself.
   */
  readonly warn?: ((message: string) => void) | undefined;
}

export interface Address {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly tls: boolean;
}

/** An address as messages name it. */
export function addressText({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** A daemon that holds a part of the spans. */
export interface ShardAddress extends Address {
  /** `host:port` at which the daemon listens for other daemons. */
  readonly agent: string;
}

/** Checked options, with all defaults. */
export interface Settings {
  readonly addresses: readonly Address[];
  readonly shards: readonly ShardAddress[];
  readonly ca: string | undefined;
  readonly prefix: string;
  readonly window: WindowLength;
  readonly attributes: AttributeStorage;
  readonly writers: number;
  readonly readers: number;
  readonly cluster: string | undefined;
  readonly retryMillis: number;
  readonly timeoutMillis: number;
}

/** @throws INVALID_OPTIONS naming the option. */
export function checkOptions(options: ManticoreOptions): Settings {
  const { url, prefix = "jaeger_", window = "day", attributes = "stored", cluster, shards = [] } = options;
  const urls = typeof url === "string" ? [url] : url;
  if (!Array.isArray(urls) || urls.length === 0) throw invalidOption("url", "names no address");
  if (!/^[a-z_][a-z0-9_]{0,31}$/.test(prefix)) {
    throw invalidOption("prefix", "is no name of at most 32 lower-case letters, digits and _");
  }
  checkWindowLength(window);
  if (!attributeStorages.includes(attributes)) {
    throw invalidOption("attributes", `is none of ${attributeStorages.join(", ")}`);
  }
  if (cluster !== undefined && !/^[a-z_][a-z0-9_]*$/i.test(cluster))
    throw invalidOption("cluster", "is no name");
  if (cluster !== undefined && shards.length > 0) throw invalidOption("shards", "excludes cluster");
  if (shards.length > maxShards) throw invalidOption("shards", `names more than ${maxShards}`);
  const addresses = urls.map((each) => addressOf(each, "url"));
  const all = [...addresses, ...shards.map((each) => addressOf(each, "shards"))];
  if (new Set(all.map(({ host, port }) => `${host} ${port}`)).size < all.length) {
    throw invalidOption(shards.length > 0 ? "shards" : "url", "names an address twice");
  }
  return {
    addresses,
    shards: shards.map(shardOf),
    ca: options.ca,
    prefix,
    window,
    attributes,
    writers: wholeNumberOption("writers", options.writers ?? 2, 1, 64),
    readers: wholeNumberOption("readers", options.readers ?? 8, 1, 1024),
    cluster,
    retryMillis: wholeNumberOption("retryMillis", options.retryMillis ?? 2_000, 0, 600_000),
    timeoutMillis: wholeNumberOption("timeoutMillis", options.timeoutMillis ?? 60_000, 1, 3_600_000),
  };
}

const defaultPort = 9306;
const defaultAgentPort = 9312;
/** Each shard has its own part of a window's ids; see `places.ts`. */
export const maxShards = 16;

function addressOf(text: string, field: "url" | "shards"): Address {
  const url = urlOf(text, field);
  return {
    // The URL puts an IPv6 address in brackets.
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? defaultPort : Number(url.port),
    user: decoded(url.username, field),
    password: decoded(url.password, field),
    tls: url.protocol === "mysqls:",
  };
}

function shardOf(text: string): ShardAddress {
  const url = urlOf(text, "shards");
  const agent = url.searchParams.get("agent") ?? `${url.hostname}:${defaultAgentPort}`;
  // The agent becomes part of a statement.
  if (!/^[\w.-]+:\d{1,5}$/.test(agent)) throw invalidOption("shards", "has an agent that is no host:port");
  return { ...addressOf(text, "shards"), agent };
}

function urlOf(text: string, field: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch (error) {
    throw invalidOption(field, "is no URL", error);
  }
  if (url.protocol !== "mysql:" && url.protocol !== "mysqls:") {
    throw invalidOption(field, "does not begin with mysql:// or mysqls://");
  }
  if (url.hostname === "") throw invalidOption(field, "names no host");
  return url;
}

function decoded(text: string, field: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    throw invalidOption(field, "has a user or password that is not percent-encoded right", error);
  }
}
