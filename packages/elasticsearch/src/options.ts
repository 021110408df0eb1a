import {
  checkWindowLength,
  invalidOption,
  type WindowLength,
  wholeNumberOption,
} from "@spanstore/core/engine";

export interface ElasticsearchOptions {
  /**
   * `http://user:password@host:9200`, or `https:`; of several nodes, all serve, and those that do not answer are passed
   * over.
   */
  readonly url: string | readonly string[];
  /** Of an account, unless they stand in the address. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** An API key, base64 as Elasticsearch gives it, instead of an account. */
  readonly apiKey?: string | undefined;
  /** Certificates of authorities to trust, PEM; with `https:` addresses. */
  readonly ca?: string | undefined;
  /** SHA-256 fingerprint of the authority's certificate, as Elasticsearch prints it when it first starts. */
  readonly caFingerprint?: string | undefined;
  /** What the indices' names begin with: lower-case letters, digits, `-` and `_`; "spanstore-" by default. */
  readonly prefix?: string | undefined;
  /** How much time an index holds: "day" by default. A store keeps to what it was made with. */
  readonly window?: WindowLength | undefined;
  /** Primary shards of each index made from now on; 1 by default. */
  readonly shards?: number | undefined;
  /** Copies beside the primaries; by default one as soon as there is a second node. */
  readonly replicas?: number | undefined;
  /**
   * How stored fields are compressed: "default", or "best_compression", which takes about a quarter less space and
   * makes reading a trace slower.
   */
  readonly codec?: "default" | "best_compression" | undefined;
  /**
   * "interval", the default: a write is acknowledged when it is durable, and found within the refresh interval. "wait": it
   * is acknowledged when it is found, too.
   */
  readonly refresh?: "interval" | "wait" | undefined;
  /** The longest time, in milliseconds, until what was acknowledged is found; 1000 by default. */
  readonly refreshIntervalMillis?: number | undefined;
  /** Bulk requests in flight; 4 by default. What waits meanwhile goes with the next. */
  readonly writers?: number | undefined;
  /** Compresses the bodies of requests and answers. */
  readonly compression?: boolean | undefined;
  /** For how long what found nobody or a busy cluster is tried again, in milliseconds; 3000 by default. */
  readonly retryMillis?: number | undefined;
  /** How long one request may take, in milliseconds; 30000 by default. */
  readonly timeoutMillis?: number | undefined;
}

/** Options that were checked, with all defaults. */
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
