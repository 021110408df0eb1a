import { isSpanStoreError, SpanStoreError } from "@spanstore/core";

/** The kinds of failure that callers treat differently. */
export type Failure =
  /** No node answers in time, or shards are missing: another node or a later try may help. */
  | "unreachable"
  /** The cluster is overloaded: a later try may help. */
  | "busy"
  /** An index or the cluster blocks writes, for lack of disk space for example. */
  | "blocked"
  | "no index"
  | "exists"
  | "conflict"
  /** The request has no credentials, or wrong ones. */
  | "unauthenticated"
  /** The account lacks a privilege. */
  | "denied"
  /** The request, or its answer, is too large for one side. */
  | "too large"
  /** The node's certificate is not trusted. */
  | "untrusted"
  /** The server at the address is not Elasticsearch. */
  | "foreign"
  /** The document or the request itself is at fault. */
  | "refused"
  | "other";

/** The reason that Elasticsearch gives for the failure of a request, or of one document in it. */
export interface Reason {
  readonly status: number;
  readonly type: string;
  readonly reason: string;
}

export function failureOf(error: unknown): Failure {
  switch (nameOf(error)) {
    case "ConnectionError":
      return isAboutCertificate(error) ? "untrusted" : "unreachable";
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

/** Whether the request timed out. */
export function isTimeout(error: unknown): boolean {
  return nameOf(error) === "TimeoutError";
}

export function failureOfReason({ status, type, reason }: Reason): Failure {
  if (type === "cluster_block_exception") return "blocked";
  // The index that the write would make is at fault, not the document.
  if (type === "validation_exception" && /shards/.test(reason)) return "blocked";
  if (type === "index_not_found_exception") return "no index";
  if (type === "resource_already_exists_exception") return "exists";
  switch (status) {
    case 401:
      return "unauthenticated";
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

/** Turns a failed request into a SpanStoreError. */
export function storeError(error: unknown, doing: string): SpanStoreError {
  if (isSpanStoreError(error)) return error;
  const { status, type, reason } = reasonOf(error);
  // An answer without a type comes from a gateway.
  const whose = type === "" && status > 0 ? `the answer was ${status}` : type;
  const said = [whose, reason].filter((part) => part !== "").join(": ");
  const told = `${doing}: ${said}`;
  return errorFor(failureOf(error), told, reason, error);
}

/** The SpanStoreError for a failure with a message. */
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
      return unavailable(adviceOn(reason));
    case "unauthenticated":
      return new SpanStoreError("UNAUTHENTICATED", told, {
        cause,
        field: "url",
        hint: "check user and password, or the API key",
      });
    case "denied":
      return new SpanStoreError("PERMISSION_DENIED", told, {
        cause,
        field: "url",
        hint: "give the account or API key the cluster privileges monitor and manage_index_templates, and all of the store's indices",
      });
    case "untrusted":
      return unavailable("set ca or caFingerprint to the authority of its certificate", "ca");
    case "foreign":
      return unavailable("the server at this address is not Elasticsearch", "url");
    case "too large":
      return new SpanStoreError("TOO_LARGE", told, {
        cause,
        hint: "raise http.max_content_length, or send less at once",
      });
    default:
      return unavailable();
  }
}

function adviceOn(reason: string): string {
  if (/flood|disk/i.test(reason)) return "a disk of the cluster is nearly full: free or add space";
  if (/maximum.*shards/.test(reason)) {
    return "make windows longer, keep spans for a shorter time, add nodes, or raise cluster.max_shards_per_node";
  }
  return "writes are blocked: remove index.blocks or cluster.blocks";
}

/**
 * The error of a write for its sender. A sender drops spans on UNAUTHENTICATED and PERMISSION_DENIED. The credentials are the
 * store's and not the sender's, so it should retry until they are right again.
 */
export function forSenders(error: SpanStoreError): SpanStoreError {
  if (error.code !== "UNAUTHENTICATED" && error.code !== "PERMISSION_DENIED") return error;
  const { message, cause, field, hint } = error;
  return new SpanStoreError("STORE_UNAVAILABLE", message, { cause, field, hint });
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : "";
}

/** Matches the messages of Node about certificates and of the client about fingerprints. */
function isAboutCertificate(error: unknown): boolean {
  const { message = "", code = "" } = Object(error) as { readonly message?: string; readonly code?: string };
  return /certificate|fingerprint|altname/i.test(`${message} ${code}`);
}

interface ResponseBody {
  readonly error?: string | Told;
}

interface Cause {
  readonly type?: string;
  readonly reason?: string;
}

interface Told extends Cause {
  readonly root_cause?: readonly Cause[];
  readonly caused_by?: Cause;
}

/** The length to which a gateway's page is cut. */
const longestReason = 300;

function reasonOf(error: unknown): Reason {
  const { statusCode = 0, body, message = String(error) } = Object(error) as FailedRequest;
  const told = typeof body === "object" && body !== null ? body.error : undefined;
  if (told === undefined || typeof told === "string") {
    return { status: statusCode, type: "", reason: (told ?? message).slice(0, longestReason) };
  }
  // The reasons of the shards say why a search failed.
  const isOfSearch = told.type === "search_phase_execution_exception";
  const { type = "", reason = "" } =
    (isOfSearch ? (told.root_cause?.[0] ?? told.caused_by) : undefined) ?? told;
  return { status: statusCode, type, reason };
}

interface FailedRequest {
  readonly statusCode?: number;
  readonly body?: ResponseBody | string;
  readonly message?: string;
}
