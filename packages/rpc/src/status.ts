import { Metadata, type StatusObject, status } from "@grpc/grpc-js";
import { detailsKey, encodeDetails, grpcCodeOf } from "@spanstore/client/wire";
import { isSpanStoreError } from "@spanstore/core";

/** The reason of a call's AbortSignal when its deadline passed; any other reason is a cancellation. */
export const deadlineExceeded = Symbol("deadline exceeded");

/** How long a client waits before it tries an overloaded store again, unless the error says it. */
const retryDelayMs = 1000;

/** Status text travels in a header, whose size clients bound. */
const maxDetailsLength = 2000;

/**
 * The gRPC status of an error that a call ended with. Errors that are no SpanStoreError, and those
 * that are a defect of ours, tell the client nothing but that.
 * @param signal the call's; when it has fired, it decides.
 */
export function statusOfError(error: unknown, signal?: AbortSignal): StatusObject {
  if (signal?.aborted) {
    return signal.reason === deadlineExceeded
      ? failure(status.DEADLINE_EXCEEDED, "the deadline passed")
      : failure(status.CANCELLED, "the call was cancelled");
  }
  if (!isSpanStoreError(error)) return failure(status.INTERNAL, "internal error");
  const code: status = grpcCodeOf(error.code);
  if (code === status.INTERNAL) return failure(code, "internal error");
  const result = failure(code, textOf(error.message, error.field, error.hint));
  const encoded = encodeDetails(result.code, result.details, {
    reason: error.code,
    field: headerText(error.field ?? ""),
    hint: headerText(error.hint ?? ""),
    ...(error.code === "OVERLOADED" ? { retryDelayMs: error.retryAfterMillis ?? retryDelayMs } : {}),
  });
  result.metadata.set(detailsKey, encoded);
  return result;
}

/** Whether the fault lies with the server, so that its operator should hear of it. */
export function isServerFault(code: status): boolean {
  return code === status.INTERNAL || code === status.UNAVAILABLE || code === status.DATA_LOSS;
}

function textOf(message: string, field: string | undefined, hint: string | undefined): string {
  const named = field === undefined || message.includes(field) ? message : `${field}: ${message}`;
  return hint === undefined ? named : `${named} (${hint})`;
}

/** A status whose text is cut to what a header takes. */
export function failure(code: status, details: string): StatusObject {
  return { code, details: headerText(details), metadata: new Metadata() };
}

/** Cut to a header's size and free of half surrogate pairs, which cannot be sent. */
function headerText(text: string): string {
  const cut = text.length > maxDetailsLength ? `${text.slice(0, maxDetailsLength)}...` : text;
  return Buffer.from(cut).toString();
}
