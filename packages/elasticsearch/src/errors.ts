import { isSpanStoreError, SpanStoreError } from "@spanstore/core";

/** What went wrong, as far as it decides what is done about it. */
export type Failure =
  /** Nobody answers in time, or shards are missing: another node or a later time may help. */
  | "unreachable"
  /** The cluster has too much to do: later helps. */
  | "busy"
  /** An index or the cluster takes no writes, for want of disk space for example. */
  | "blocked"
  | "no index"
  | "exists"
  | "conflict"
  | "denied"
  /** The request, or its answer, is larger than one side takes. */
  | "too large"
  /** What answers is no Elasticsearch. */
  | "foreign"
  /** The document or the request itself is at fault. */
  | "refused"
  | "other";

/** What Elasticsearch says of a failure, of a request or of one document of many. */
export interface Reason {
  readonly status: number;
  readonly type: string;
  readonly reason: string;
}

export function failureOf(error: unknown): Failure {
  switch (nameOf(error)) {
    case "ConnectionError":
    case "TimeoutError":
    case "NoLivingConnectionsError":
      return "unreachable";
    case "ProductNotSupportedError":
      return "foreign";
    case "RequestAbortedError":
      return "too large";
    case "ResponseError":
      return failureOfReason(reasonOf(error));
    default:
      return "other";
  }
}

export function failureOfReason({ status, type }: Reason): Failure {
  if (type === "cluster_block_exception") return "blocked";
  if (type === "index_not_found_exception") return "no index";
  if (type === "resource_already_exists_exception") return "exists";
  switch (status) {
    case 401:
    case 403:
      return "denied";
    case 409:
      return "conflict";
    case 413:
      return "too large";
    case 429:
      return "busy";
    case 500:
      return "other";
    case 502:
    case 503:
    case 504:
      return "unreachable";
    default:
      return status >= 400 && status < 500 ? "refused" : "other";
  }
}

/** A failed request as the store's own error. */
export function storeError(error: unknown, doing: string): SpanStoreError {
  if (isSpanStoreError(error)) return error;
  const { status, type, reason } = reasonOf(error);
  const said = [type, reason].filter((part) => part !== "").join(": ");
  const told = `${doing}: ${said || `Elasticsearch answered ${status}`}`;
  return errorFor(failureOf(error), told, reason, error);
}

/** The store's error for a failure that was told in words already. */
export function errorFor(failure: Failure, told: string, reason: string, cause?: unknown): SpanStoreError {
  const unavailable = (hint?: string, field?: string): SpanStoreError =>
    new SpanStoreError("STORE_UNAVAILABLE", told, { cause, hint, field });
  switch (failure) {
    case "unreachable":
      return unavailable("does Elasticsearch run at this address, and are all shards assigned?");
    case "busy":
      return new SpanStoreError("OVERLOADED", told, {
        cause,
        hint: "send less at a time, or give the cluster more",
      });
    case "blocked":
      return unavailable(
        /flood|disk/i.test(reason)
          ? "a disk of the cluster is nearly full: free or add space"
          : "writes are blocked: take index.blocks or cluster.blocks away",
      );
    case "denied":
      return unavailable("check the account or API key, and what it may do", "url");
    case "foreign":
      return unavailable("what answers there is no Elasticsearch", "url");
    case "too large":
      return new SpanStoreError("TOO_LARGE", told, {
        cause,
        hint: "raise http.max_content_length, or send less at once",
      });
    default:
      return unavailable();
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : "";
}

interface ResponseBody {
  readonly status?: number;
  readonly error?:
    | string
    | { readonly type?: string; readonly reason?: string; readonly root_cause?: readonly Cause[] };
}

interface Cause {
  readonly type?: string;
  readonly reason?: string;
}

function reasonOf(error: unknown): Reason {
  const {
    statusCode = 0,
    body,
    message = String(error),
  } = Object(error) as {
    statusCode?: number;
    body?: ResponseBody | string;
    message?: string;
  };
  const told = typeof body === "object" && body !== null ? body.error : undefined;
  if (told === undefined || typeof told === "string")
    return { status: statusCode, type: "", reason: told ?? message };
  // A search fails as a whole; why, its shards say.
  const { type = "", reason = "", root_cause: [root] = [] } = told;
  const inner = type === "search_phase_execution_exception" ? root : undefined;
  return { status: statusCode, type: inner?.type ?? type, reason: inner?.reason ?? reason };
}
