import { Metadata, type StatusObject, status } from "@grpc/grpc-js";
import { detailsKey, encodeDetails, grpcCodeOf } from "@spanstore/client/wire";
import { isSpanStoreError } from "@spanstore/core";

/** The reason of a call's AbortSignal when its deadline passed; any other reason is a cancellation. */
export const deadlineExceeded = Symbol("deadline exceeded");

/** The time after which a client may try an overloaded store again, unless the error says another. */
const retryDelayMs = 1000;

/** Clients bound the size of headers, and the text of a status is in one. */
const maxDetailsLength = 2000;

/**
 * The gRPC status for the error of a call. The status of an internal error shows no details.
 * @param signal of the call; it decides when it has fired.
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

/** Whether the server is at fault, so that its log should show the error. */
export function isServerFault(code: status): boolean {
  return code === status.INTERNAL || code === status.UNAVAILABLE || code === status.DATA_LOSS;
}

function textOf(message: string, field: string | undefined, hint: string | undefined): string {
  const named = field === undefined || message.includes(field) ? message : `${field}: ${message}`;
  return hint === undefined ? named : `${named} (${hint})`;
}

/** A status, its text cut to fit into a header. */
export function failure(code: status, details: string): StatusObject {
  return { code, details: headerText(details), metadata: new Metadata() };
}

/** Cuts a text to fit into a header, and replaces halves of surrogate pairs, which cannot be sent. */
function headerText(text: string): string {
  const cut = text.length > maxDetailsLength ? `${text.slice(0, maxDetailsLength)}...` : text;
  return Buffer.from(cut).toString();
}
