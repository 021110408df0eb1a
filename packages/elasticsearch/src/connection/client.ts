import { Client as ElasticsearchClient, Serializer } from "@elastic/elasticsearch";
import { createBackoff, throwIfAborted } from "@spanstore/core/engine";
import type { Settings } from "../options.js";
import { type Failure, failureOf, isTimeout, storeError } from "./errors.js";

/** Sends requests to the nodes of a cluster. */
export interface Client {
  /** Sends a request and returns the body of the answer. Retries for a while when no node answers or the cluster is busy. */
  readonly request: <T>(request: Request, options?: RequestOptions) => Promise<T>;
  /** How many requests reached no node so far. After such a request nodes may have restarted. */
  readonly failures: () => number;
  readonly close: () => Promise<void>;
}

export interface Request {
  readonly method: "GET" | "PUT" | "POST" | "DELETE" | "HEAD";
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  /** JSON. */
  readonly body?: object;
  /** Lines of JSON, each with its line feed. */
  readonly lines?: string;
}

export interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
  /** The beginning of an error's message. */
  readonly doing?: string;
  /** How long to retry; by default as the settings say. */
  readonly retryMillis?: number;
  /** The most bytes of an answer; a larger one fails as `too large`. */
  readonly maxBytes?: number | undefined;
  /** Failures that are thrown as the client's own errors, for the caller to handle. */
  readonly expects?: readonly Failure[];
}

const firstPauseMillis = 25;
const longestPauseMillis = 1_000;
/** The client gives up a larger answer while it arrives. Callers ask for less then. */
const maxResponseBytes = 128 * 1024 * 1024;

/** Plain JSON instead of the client's own media types, which servers of an older major version refuse. */
const headers = { accept: "application/json", "content-type": "application/json" };
const lineHeaders = { ...headers, "content-type": "application/x-ndjson" };

/** @param parse parses the answers. */
export function createClient(settings: Settings, parse: (text: string) => unknown = JSON.parse): Client {
  const { nodes, auth, ca, caFingerprint, compression, timeoutMillis } = settings;
  const client = new ElasticsearchClient({
    nodes: nodes.map((url) => ({ url })),
    ...(auth !== undefined && { auth }),
    ...(ca !== undefined && { tls: { ca } }),
    ...(caFingerprint !== undefined && { caFingerprint, tls: { rejectUnauthorized: false } }),
    compression,
    requestTimeout: timeoutMillis,
    // Tries each node once; the loop below waits and retries.
    maxRetries: nodes.length - 1,
    // Requests themselves try dead nodes again, since not every distribution answers a ping.
    resurrectStrategy: "optimistic",
    maxResponseSize: maxResponseBytes,
    enableMetaHeader: false,
    Serializer: serializerWith(parse),
  });

  let failures = 0;
  return {
    failures: () => failures,
    request: async <T>(request: Request, options: RequestOptions = {}): Promise<T> => {
      const {
        signal,
        doing = "a request failed",
        retryMillis = settings.retryMillis,
        maxBytes,
        expects = [],
      } = options;
      const { mayTryAgain, wait } = createBackoff({
        firstMillis: firstPauseMillis,
        longestMillis: longestPauseMillis,
        forMillis: retryMillis,
        began: performance.now(),
        signal,
      });
      for (;;) {
        throwIfAborted(signal);
        try {
          return (await send(client, request, maxBytes, signal)) as T;
        } catch (error) {
          throwIfAborted(signal);
          const failure = failureOf(error);
          if (failure === "unreachable") failures++;
          // A time-out is not retried: the caller may be late already, and the request may still run.
          const mayPass = (failure === "unreachable" && !isTimeout(error)) || failure === "busy";
          if (mayPass && mayTryAgain()) {
            await wait();
            continue;
          }
          if (expects.includes(failure)) throw error;
          throw storeError(error, doing);
        }
      }
    },
    close: () => client.close(),
  };
}

function send(
  client: ElasticsearchClient,
  { method, path, query, body, lines }: Request,
  maxBytes: number | undefined,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  return client.transport.request(
    {
      method,
      path,
      ...(query !== undefined && { querystring: { ...query } }),
      ...(body !== undefined && { body }),
      ...(lines !== undefined && { bulkBody: lines }),
    },
    {
      headers: lines === undefined ? headers : lineHeaders,
      // Tracing a trace store would trace itself.
      openTelemetry: { enabled: false },
      ...(maxBytes !== undefined && { maxResponseSize: maxBytes, maxCompressedResponseSize: maxBytes }),
      ...(signal !== undefined && { signal }),
    },
  );
}

/** The client takes a class. Its own checks answers for keys that would change prototypes in a merge; no answer is merged. */
function serializerWith(parse: (text: string) => unknown): typeof Serializer {
  return class extends Serializer {
    override deserialize<T>(text: string): T {
      return parse(text) as T;
    }
  };
}
