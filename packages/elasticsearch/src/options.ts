import {
  checkWindowLength,
  invalidOption,
  type WindowLength,
  wholeNumberOption,
} from "@spanstore/core/engine";

export interface ElasticsearchOptions {
  /**
   * `http://user:password@host:9200`, or `https:`. Several nodes share the requests; the client skips a node that does not
   * answer.
   */
  readonly url: string | readonly string[];
  /** The account, unless the address has one. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** An API key, base64 as Elasticsearch gives it, instead of an account. */
  readonly apiKey?: string | undefined;
  /** Certificates of authorities to trust, PEM; for `https:` addresses. */
  readonly ca?: string | undefined;
  /** SHA-256 fingerprint of the authority's certificate, as Elasticsearch prints it when it first starts. */
  readonly caFingerprint?: string | undefined;
  /** The prefix of all index names: lower-case letters, digits, `-` and `_`; "spanstore-" by default. */
  readonly prefix?: string | undefined;
  /** The length of time in one index: "day" by default. A store keeps the length that it was made with. */
  readonly window?: WindowLength | undefined;
  /** Primary shards of each index made from now on; 1 by default. */
  readonly shards?: number | undefined;
  /** Replicas of each shard; by default one as soon as the cluster has a second node. */
  readonly replicas?: number | undefined;
  /**
   * The compression of stored fields: "default", or "best_compression", which takes about a quarter less disk and makes
   * reads of traces slower.
   */
  readonly codec?: "default" | "best_compression" | undefined;
  /**
   * "interval", the default: a write is acknowledged when it is durable, and searches find it within the refresh interval.
   * "wait": a write is acknowledged when searches find it.
   */
  readonly refresh?: "interval" | "wait" | undefined;
  /** The longest time, in milliseconds, until searches find an acknowledged write; 1000 by default. */
  readonly refreshIntervalMillis?: number | undefined;
  /** Bulk requests in flight; 4 by default. Writes that wait share the next request. */
  readonly writers?: number | undefined;
  /** Compresses the bodies of requests and answers. */
  readonly compression?: boolean | undefined;
  /** How long the client retries while no node answers or the cluster is busy, in milliseconds; 3000 by default. */
  readonly retryMillis?: number | undefined;
  /** The time-out of one request, in milliseconds; 30000 by default. */
  readonly timeoutMillis?: number | undefined;
  /** Receives, once each, what of the options differs from what the store was made with. */
  readonly warn?: ((message: string) => void) | undefined;
}

/** Checked options, with all defaults. */
export interface Settings {
  readonly nodes: readonly URL[];
  readonly auth:
    | { readonly apiKey: string }
    | { readonly username: string; readonly password: string }
    | undefined;
  readonly ca: string | undefined;
  readonly caFingerprint: string | undefined;
  readonly prefix: string;
  readonly window: WindowLength;
  readonly shards: number;
  readonly replicas: number | undefined;
  readonly codec: "default" | "best_compression";
  readonly refresh: "interval" | "wait";
  readonly refreshIntervalMillis: number;
  readonly writers: number;
  readonly compression: boolean;
  readonly retryMillis: number;
  readonly timeoutMillis: number;
}

/** @throws INVALID_OPTIONS naming the option. */
export function checkOptions(options: ElasticsearchOptions): Settings {
  const { url, prefix = "spanstore-", window = "day", codec = "default", refresh = "interval" } = options;
  const urls = typeof url === "string" ? [url] : url;
  if (!Array.isArray(urls) || urls.length === 0) throw invalidOption("url", "names no address");
  const nodes = urls.map(nodeOf);
  if (!/^[a-z0-9][a-z0-9_-]{0,63}$/.test(prefix)) {
    throw invalidOption("prefix", "is no name of at most 64 lower-case letters, digits, _ and -");
  }
  checkWindowLength(window);
  if (codec !== "default" && codec !== "best_compression") {
    throw invalidOption("codec", 'is neither "default" nor "best_compression"');
  }
  if (refresh !== "interval" && refresh !== "wait")
    throw invalidOption("refresh", 'is neither "interval" nor "wait"');
  if (options.caFingerprint !== undefined && nodes.some(({ protocol }) => protocol !== "https:")) {
    throw invalidOption("caFingerprint", "needs https: addresses");
  }
  return {
    auth: authOf(options, nodes),
    nodes: nodes.map(withoutAuth),
    ca: options.ca,
    caFingerprint: options.caFingerprint,
    prefix,
    window,
    shards: wholeNumberOption("shards", options.shards ?? 1, 1, 1024),
    replicas:
      options.replicas === undefined ? undefined : wholeNumberOption("replicas", options.replicas, 0, 100),
    codec,
    refresh,
    refreshIntervalMillis: wholeNumberOption(
      "refreshIntervalMillis",
      options.refreshIntervalMillis ?? 1_000,
      10,
      600_000,
    ),
    writers: wholeNumberOption("writers", options.writers ?? 4, 1, 64),
    compression: options.compression ?? false,
    retryMillis: wholeNumberOption("retryMillis", options.retryMillis ?? 3_000, 0, 600_000),
    timeoutMillis: wholeNumberOption("timeoutMillis", options.timeoutMillis ?? 30_000, 1, 3_600_000),
  };
}

function nodeOf(text: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch (error) {
    throw invalidOption("url", "is no URL", error);
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw invalidOption("url", "does not begin with http:// or https://");
  }
  return url;
}

function withoutAuth(url: URL): URL {
  const bare = new URL(url);
  bare.username = "";
  bare.password = "";
  return bare;
}

function authOf(
  { username, password, apiKey }: ElasticsearchOptions,
  nodes: readonly URL[],
): Settings["auth"] {
  if (apiKey !== undefined) {
    if (username !== undefined || password !== undefined)
      throw invalidOption("apiKey", "excludes username and password");
    return { apiKey };
  }
  const inUrl = nodes.find((node) => node.username !== "");
  const user = username ?? (inUrl === undefined ? undefined : decodeURIComponent(inUrl.username));
  const secret = password ?? (inUrl === undefined ? undefined : decodeURIComponent(inUrl.password));
  if (user === undefined && secret === undefined) return undefined;
  if (user === undefined || user === "") throw invalidOption("username", "is missing beside a password");
  if (secret === undefined) throw invalidOption("password", "is missing beside a username");
  return { username: user, password: secret };
}
