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
  /** It wants to know who asks, or does not believe it. */
  | "unauthenticated"
  /** It knows who asks, and does not let them. */
  | "denied"
  /** The request, or its answer, is larger than one side takes. */
  | "too large"
  /** Its certificate is not trusted. */
  | "untrusted"
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

/** Whether a request was sent and not answered in time. */
export function isTimeout(error: unknown): boolean {
  return nameOf(error) === "TimeoutError";
}

export function failureOfReason({ status, type, reason }: Reason): Failure {
  if (type === "cluster_block_exception") return "blocked";
  // It tells of the index that would have to be made, and not of the document.
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

/** A failed request as the store's own error. */
export function storeError(error: unknown, doing: string): SpanStoreError {
  if (isSpanStoreError(error)) return error;
  const { status, type, reason } = reasonOf(error);
  // Whoever says no type is a gateway rather than Elasticsearch.
  const whose = type === "" && status > 0 ? `the answer was ${status}` : type;
  const said = [whose, reason].filter((part) => part !== "").join(": ");
  const told = `${doing}: ${said}`;
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
      return unavailable("name the authority of its certificate, by certificate or fingerprint", "ca");
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

function adviceOn(reason: string): string {
  if (/flood|disk/i.test(reason)) return "a disk of the cluster is nearly full: free or add space";
  if (/maximum.*shards/.test(reason)) {
    return "make windows longer, keep spans for a shorter time, add nodes, or raise cluster.max_shards_per_node";
  }
  return "writes are blocked: take index.blocks or cluster.blocks away";
}

/**
 * The error of a write that was not let in. A sender drops what is refused by UNAUTHENTICATED or PERMISSION_DENIED, and
 * these credentials are not its own: what it sent is welcome once they are right again.
 */
export function forSenders(error: SpanStoreError): SpanStoreError {
  if (error.code !== "UNAUTHENTICATED" && error.code !== "PERMISSION_DENIED") return error;
  const { message, cause, field, hint } = error;
  return new SpanStoreError("STORE_UNAVAILABLE", message, { cause, field, hint });
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : "";
}

/** What Node says of a certificate, and what the client says of a fingerprint. */
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

/** Of a gateway's page the beginning is enough. */
const longestReason = 300;

function reasonOf(error: unknown): Reason {
  const { statusCode = 0, body, message = String(error) } = Object(error) as FailedRequest;
  const told = typeof body === "object" && body !== null ? body.error : undefined;
  if (told === undefined || typeof told === "string") {
    return { status: statusCode, type: "", reason: (told ?? message).slice(0, longestReason) };
  }
  // A search fails as a whole; why, its shards say.
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
