import { type ServiceError, status } from "@grpc/grpc-js";
import { type ErrorCode, isSpanStoreError, SpanStoreError } from "@spanstore/core";
import { decodeDetails, detailsKey, type StatusDetails } from "../wire/status-details.js";
import { coreField } from "./core-field.js";

/** The error code for a status without the details of our servers. */
const codeOfStatus: Partial<Record<status, ErrorCode>> = {
  [status.INVALID_ARGUMENT]: "INVALID_QUERY",
  [status.NOT_FOUND]: "NOT_FOUND",
  [status.UNAVAILABLE]: "STORE_UNAVAILABLE",
  [status.DEADLINE_EXCEEDED]: "STORE_UNAVAILABLE",
  // The server cancelled the call: it is shutting down.
  [status.CANCELLED]: "STORE_UNAVAILABLE",
  [status.RESOURCE_EXHAUSTED]: "OVERLOADED",
  [status.UNAUTHENTICATED]: "UNAUTHENTICATED",
  [status.PERMISSION_DENIED]: "PERMISSION_DENIED",
  [status.DATA_LOSS]: "CORRUPT",
  [status.UNIMPLEMENTED]: "UNSUPPORTED",
};

/** The codes of core that a server may report. */
const reported: ReadonlySet<string> = new Set<ErrorCode>([
  "INVALID_QUERY",
  "UNSUPPORTED_FILTER",
  "UNSUPPORTED",
  "INVALID_TRACES",
  "NOT_FOUND",
  "STORE_UNAVAILABLE",
  "OVERLOADED",
  "TOO_LARGE",
  "UNAUTHENTICATED",
  "PERMISSION_DENIED",
  "ABORTED",
  "CORRUPT",
]);

/**
 * The SpanStoreError for a failed call, with the code and field of the server's store when the server sends them.
 * @param signal of the caller; it decides when it has fired.
 */
export function errorOfCall(error: unknown, signal: AbortSignal | undefined): SpanStoreError {
  if (signal?.aborted) {
    return new SpanStoreError("ABORTED", "the call was cancelled", { cause: signal.reason });
  }
  if (isSpanStoreError(error)) return error;
  if (!isServiceError(error)) {
    return new SpanStoreError("INTERNAL", "the call failed outside of gRPC", { cause: error });
  }
  const [encoded] = error.metadata.get(detailsKey);
  const details = Buffer.isBuffer(encoded) ? decodeDetails(encoded) : undefined;
  return details === undefined ? bareError(error) : detailedError(error, details);
}

function detailedError(error: ServiceError, { reason, field, hint }: StatusDetails): SpanStoreError {
  const suffix = ` (${hint})`;
  const message = error.details.endsWith(suffix) ? error.details.slice(0, -suffix.length) : error.details;
  return new SpanStoreError(codeOfReason(reason), message, {
    field: field === "" ? undefined : coreField(field),
    hint: hint === "" ? undefined : hint,
    cause: error,
  });
}

/** A store closed on the server is unavailable here, since this one is still open. */
function codeOfReason(reason: string): ErrorCode {
  if (reason === "STORE_CLOSED") return "STORE_UNAVAILABLE";
  return reported.has(reason) ? (reason as ErrorCode) : "INTERNAL";
}

function bareError(error: ServiceError): SpanStoreError {
  const unreachable = whyUnreachable(error);
  if (unreachable !== undefined) {
    return new SpanStoreError("STORE_UNAVAILABLE", `the server cannot be reached: ${unreachable.why}`, {
      hint: unreachable.hint,
      cause: error,
    });
  }
  const message = `${status[error.code]}: ${error.details}`;
  // gRPC's own libraries send this, for requests and for answers.
  if (error.code === status.RESOURCE_EXHAUSTED && /larger than max/i.test(error.details)) {
    return new SpanStoreError("TOO_LARGE", message, {
      hint: "raise grpc.max-receive-message-bytes of the server, or maxReceiveMessageBytes of the client",
      cause: error,
    });
  }
  return new SpanStoreError(codeOfStatus[error.code] ?? "INTERNAL", message, { cause: error });
}

const portHint = "is it the gRPC port, and not the admin port?";

/** Why there is no connection to a gRPC server, in words; undefined for any other error. */
function whyUnreachable({
  code,
  details,
}: ServiceError): { readonly why: string; readonly hint?: string | undefined } | undefined {
  // grpc-js translates answers of other servers to a status. A proxy may send 401 and 403, which concern the caller.
  const [, http] = /^Received HTTP status code (\d+)/.exec(details) ?? [];
  if (http !== undefined && http !== "401" && http !== "403") {
    return { why: `what answers there speaks no gRPC: HTTP status ${http}`, hint: portHint };
  }
  if (code !== status.UNAVAILABLE) return undefined;
  const [, name] = /^Name resolution failed for target (?:dns:)?(\S+)/.exec(details) ?? [];
  if (name !== undefined) return { why: `there is no address for the name in ${name}` };
  const [, last] =
    /^No connection established\. Last error: (.*?)\.? *Resolution note:.*$/s.exec(details) ?? [];
  if (last === undefined) return undefined;
  const [, tls] = /SSL routines:[^:]*:([^:]*):/.exec(last) ?? [];
  if (tls !== undefined) return { why: `TLS failed: ${tls}`, hint: "does it speak TLS there?" };
  if (last.startsWith("Protocol error")) {
    return { why: "what answers there speaks no gRPC", hint: portHint };
  }
  return { why: last.replace(/^Error: /, "").trim() };
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && "code" in error && "details" in error && "metadata" in error;
}
