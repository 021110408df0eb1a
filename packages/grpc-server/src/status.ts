import { Metadata, type StatusObject, status } from "@grpc/grpc-js";
import { type ErrorCode, isSpanStoreError } from "@spanstore/core";
import { messageCodec } from "./protos.js";

/** The one place where a store's error codes become gRPC's. */
const statusOfCode: Record<ErrorCode, status> = {
  INVALID_QUERY: status.INVALID_ARGUMENT,
  UNSUPPORTED_FILTER: status.INVALID_ARGUMENT,
  INVALID_TRACES: status.INVALID_ARGUMENT,
  NOT_FOUND: status.NOT_FOUND,
  STORE_UNAVAILABLE: status.UNAVAILABLE,
  STORE_CLOSED: status.UNAVAILABLE,
  OVERLOADED: status.RESOURCE_EXHAUSTED,
  TOO_LARGE: status.RESOURCE_EXHAUSTED,
  CORRUPT: status.DATA_LOSS,
  ABORTED: status.CANCELLED,
  INVALID_OPTIONS: status.INTERNAL,
  INCOMPATIBLE_SCHEMA: status.INTERNAL,
  INTERNAL: status.INTERNAL,
};

/** The reason of a call's AbortSignal when its deadline passed; any other reason is a cancellation. */
export const deadlineExceeded = Symbol("deadline exceeded");

/** How long a client waits before it tries an overloaded store again. */
const retryDelaySeconds = 1;

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
  const code = statusOfCode[error.code] ?? status.INTERNAL;
  if (code === status.INTERNAL) return failure(code, "internal error");
  const result = failure(code, textOf(error.message, error.field, error.hint));
  if (error.code === "OVERLOADED") addRetryInfo(result);
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

function failure(code: status, details: string): StatusObject {
  return { code, details: headerText(details), metadata: new Metadata() };
}

/** Cut to a header's size and free of half surrogate pairs, which cannot be sent. */
function headerText(text: string): string {
  const cut = text.length > maxDetailsLength ? `${text.slice(0, maxDetailsLength)}...` : text;
  return Buffer.from(cut).toString();
}

interface RpcStatus {
  readonly code: number;
  readonly message: string;
  /** google.protobuf.Any keeps its fields' own names. */
  readonly details: readonly { readonly type_url: string; readonly value: Buffer }[];
}

interface RetryInfo {
  readonly retryDelay: { readonly seconds: string };
}

function addRetryInfo(result: StatusObject): void {
  const retryInfo = messageCodec<RetryInfo>("google.rpc.RetryInfo");
  const value = retryInfo.encode({ retryDelay: { seconds: String(retryDelaySeconds) } });
  const details = [{ type_url: "type.googleapis.com/google.rpc.RetryInfo", value }];
  const encoded = messageCodec<RpcStatus>("google.rpc.Status").encode({
    code: result.code,
    message: result.details,
    details,
  });
  result.metadata.set("grpc-status-details-bin", encoded);
}
