import { grpcCodeOf } from "@spanstore/client/wire";
import { type ErrorCode, isSpanStoreError, SpanStoreError } from "@spanstore/core";

/** The form of a path's error answers. */
export type ErrorForm = "jaeger" | "gateway" | "prometheus" | "status";

/** The error answer of a call. */
export interface Failure {
  readonly status: number;
  /** Of google.rpc.Code. */
  readonly grpcCode: number;
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly error: SpanStoreError | undefined;
}

/** The one place where a store's error codes become HTTP's. */
const statusOfCode: Record<ErrorCode, number> = {
  INVALID_QUERY: 400,
  UNSUPPORTED_FILTER: 400,
  UNSUPPORTED: 501,
  INVALID_TRACES: 400,
  NOT_FOUND: 404,
  STORE_UNAVAILABLE: 503,
  STORE_CLOSED: 503,
  OVERLOADED: 429,
  TOO_LARGE: 413,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  CORRUPT: 500,
  ABORTED: 499,
  INVALID_OPTIONS: 500,
  INCOMPATIBLE_SCHEMA: 500,
  DRIVER_UNAVAILABLE: 500,
  INTERNAL: 500,
};

/** The time after which a client may try again, unless the error says another. */
const retryMillis = 1000;

/** An error of HTTP itself, which has no code of a store. */
export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

/** Maps an error to an answer. The answer to an internal error shows no details. */
export function failureOf(error: unknown): Failure {
  if (error instanceof HttpError) {
    const { status, message, headers } = error;
    return { status, grpcCode: grpcCodeOfStatus(status), message, headers, error: undefined };
  }
  const status = isSpanStoreError(error) ? (statusOfCode[error.code] ?? 500) : 500;
  if (!isSpanStoreError(error) || status === 500) {
    return { status: 500, grpcCode: 13, message: "internal error", headers: {}, error: undefined };
  }
  return {
    status,
    grpcCode: grpcCodeOf(error.code),
    message: textOf(error),
    headers: headersOf(error, status),
    error,
  };
}

function headersOf(error: SpanStoreError, status: number): Record<string, string> {
  if (status === 401) return { "www-authenticate": "Bearer" };
  if (status !== 429 && status !== 503) return {};
  return { "retry-after": String(Math.ceil((error.retryAfterMillis ?? retryMillis) / 1000)) };
}

/** The google.rpc.Code for a status of HTTP. */
function grpcCodeOfStatus(status: number): number {
  if (status === 404) return 5;
  if (status === 405 || status === 501) return 12;
  if (status === 408) return 4;
  return status >= 500 ? 13 : 3;
}

function textOf({ message, field, hint }: SpanStoreError): string {
  const named = field === undefined || message.includes(field) ? message : `${field}: ${message}`;
  return hint === undefined ? named : `${named} (${hint})`;
}

/** An error as Jaeger's `/api/…` sends it. */
export function jaegerError({ status, message }: Pick<Failure, "status" | "message">): string {
  return JSON.stringify({
    data: null,
    total: 0,
    limit: 0,
    offset: 0,
    errors: [{ code: status, msg: message }],
  });
}

/** An error as Jaeger's `/api/v3/…` sends it. */
export function gatewayError({ status, message, grpcCode }: Failure): string {
  return JSON.stringify({ error: { grpcCode, httpCode: status, message } });
}

const prometheusTypes: Readonly<Record<number, string>> = {
  404: "not_found",
  422: "execution",
  499: "canceled",
  503: "unavailable",
};

/** An error as Prometheus's `/api/v1/…` sends it. */
export function prometheusError({ status, message }: Pick<Failure, "status" | "message">): string {
  const errorType = prometheusTypes[status] ?? (status < 500 ? "bad_data" : "internal");
  return JSON.stringify({ status: "error", errorType, error: message });
}

export function notFound(message: string): SpanStoreError {
  return new SpanStoreError("NOT_FOUND", message);
}
