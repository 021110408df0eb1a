import { messageCodec } from "./protos.js";

/** The metadata key of a google.rpc.Status, which has more details than a gRPC status. */
export const detailsKey = "grpc-status-details-bin";

/** The domain of our reasons; other programs have others. */
const domain = "spanstore";

const typePrefix = "type.googleapis.com/";
const errorInfoType = "google.rpc.ErrorInfo";
const retryInfoType = "google.rpc.RetryInfo";

/** The machine-readable details of a failed call. */
export interface StatusDetails {
  /** The store's error code. */
  readonly reason: string;
  /** As in core's ErrorDetails; empty when there is none. */
  readonly field: string;
  readonly hint: string;
  /** When to try again, if that helps. */
  readonly retryDelayMs?: number;
}

interface RpcStatus {
  readonly code: number;
  readonly message: string;
  /** The fields of google.protobuf.Any keep their names of the .proto file. */
  readonly details?: readonly { readonly type_url?: string; readonly value?: Buffer }[];
}

interface ErrorInfo {
  readonly reason?: string;
  readonly domain?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

interface RetryInfo {
  readonly retryDelay: { readonly seconds: string; readonly nanos: number };
}

const statusCodec = () => messageCodec<RpcStatus>("google.rpc.Status");
const errorInfoCodec = () => messageCodec<ErrorInfo>(errorInfoType);

/** Encodes a google.rpc.Status with an ErrorInfo and, for a delay, a RetryInfo. */
export function encodeDetails(code: number, message: string, details: StatusDetails): Buffer {
  const { reason, field, hint, retryDelayMs } = details;
  const metadata = { ...(field === "" ? {} : { field }), ...(hint === "" ? {} : { hint }) };
  const parts = [
    { type_url: typePrefix + errorInfoType, value: errorInfoCodec().encode({ reason, domain, metadata }) },
  ];
  if (retryDelayMs !== undefined) {
    const seconds = Math.floor(retryDelayMs / 1000);
    const value = messageCodec<RetryInfo>(retryInfoType).encode({
      retryDelay: {
        seconds: String(seconds),
        nanos: Math.floor((retryDelayMs - seconds * 1000) * 1_000_000),
      },
    });
    parts.push({ type_url: typePrefix + retryInfoType, value });
  }
  return statusCodec().encode({ code, message, details: parts });
}

/** The details that a spanstore server attached to a failed call; undefined from another server. */
export function decodeDetails(encoded: Buffer): StatusDetails | undefined {
  try {
    for (const { type_url = "", value = Buffer.alloc(0) } of statusCodec().decode(encoded).details ?? []) {
      if (!type_url.endsWith(`/${errorInfoType}`)) continue;
      const info = errorInfoCodec().decode(value);
      if (info.domain !== domain) continue;
      const { reason = "", metadata = {} } = info;
      return { reason, field: metadata.field ?? "", hint: metadata.hint ?? "" };
    }
  } catch {
    // The status itself is still valid when its details cannot be read.
  }
  return undefined;
}
