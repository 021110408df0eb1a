import { Client as ElasticsearchClient, Serializer } from "@elastic/elasticsearch";
import { createBackoff, throwIfAborted } from "@spanstore/core/engine";
import type { Settings } from "../options.js";
import { type Failure, failureOf, isTimeout, storeError } from "./errors.js";

/** Requests to Elasticsearch, to whichever node answers. */
export interface Client {
  /** Sends a request and gives the body of the answer. What finds nobody, or a busy cluster, is tried again for a while. */
  readonly request: <T>(request: Request, options?: RequestOptions) => Promise<T>;
  /** How many requests found nobody so far: after one of them, nodes may have started again. */
  readonly failures: () => number;
  readonly close: () => Promise<void>;
}

export interface Request {
  readonly method: "GET" | "PUT" | "POST" | "DELETE" | "HEAD";
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  /** JSON. */
  readonly body?: object;
  /** Lines of JSON, each with its end. */
  readonly lines?: string;
}

export interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
  /** What is done, for the message of an error. */
  readonly doing?: string;
  /** For how long it is tried again; the settings' otherwise. */
  readonly retryMillis?: number;
  /** Failures that are handed on as they are, for the caller to deal with. */
  readonly expects?: readonly Failure[];
}

const firstPauseMillis = 25;
const longestPauseMillis = 1_000;
/** A larger answer is given up while it comes; who may get one asks for less then. */
const maxResponseBytes = 128 * 1024 * 1024;

/** Plain JSON rather than the client's own types, which servers of an older major version refuse. */
const headers = { accept: "application/json", "content-type": "application/json" };
const lineHeaders = { ...headers, "content-type": "application/x-ndjson" };

/** @param parse reads the answers. */
export function createClient(settings: Settings, parse: (text: string) => unknown = JSON.parse): Client {
  const { nodes, auth, ca, caFingerprint, compression, timeoutMillis } = settings;
  const client = new ElasticsearchClient({
    nodes: nodes.map((url) => ({ url })),
    ...(auth !== undefined && { auth }),
    ...(ca !== undefined && { tls: { ca } }),
    ...(caFingerprint !== undefined && { caFingerprint, tls: { rejectUnauthorized: false } }),
    compression,
    requestTimeout: timeoutMillis,
    // Each node once; then it pauses below.
    maxRetries: nodes.length - 1,
    // Nodes that were gone are tried by the next requests, since not every distribution answers a ping.
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
          return (await send(client, request, signal)) as T;
        } catch (error) {
          throwIfAborted(signal);
          const failure = failureOf(error);
          if (failure === "unreachable") failures++;
          // After a time-out the caller hears of it first: it may be late already, and the request may still be at work.
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
      // Traces of what keeps traces would come back as more of them.
      openTelemetry: { enabled: false },
      ...(signal !== undefined && { signal }),
    },
  );
}

/** The client takes a class. Its own also looks for what would change prototypes when answers were merged, and none are. */
function serializerWith(parse: (text: string) => unknown): typeof Serializer {
  return class extends Serializer {
    override deserialize<T>(text: string): T {
      return parse(text) as T;
    }
  };
}
