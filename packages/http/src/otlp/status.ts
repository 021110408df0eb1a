import { encodeDetails } from "@spanstore/client/wire";
import { type Answer, protobuf } from "../wire/answer.js";
import type { Failure } from "../wire/errors.js";

/** The media type of a Content-Type header, without its parameters. */
export function mediaTypeOf(contentType: string | undefined): string {
  return (contentType ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

/** A google.rpc.Status in the encoding of the request. */
export function statusAnswer(failure: Failure, contentType: string | undefined): Answer {
  const { status, grpcCode, message, headers, error } = failure;
  if (mediaTypeOf(contentType) !== protobuf) {
    return { status, headers, body: JSON.stringify({ code: grpcCode, message }) };
  }
  const body = encodeDetails(grpcCode, message, {
    reason: error?.code ?? "INTERNAL",
    field: error?.field ?? "",
    hint: error?.hint ?? "",
    ...(status === 429 || status === 503 ? { retryDelayMs: Number(headers["retry-after"]) * 1000 } : {}),
  });
  return { status, headers, contentType: protobuf, body };
}
