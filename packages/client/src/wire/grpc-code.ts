import type { ErrorCode } from "@spanstore/core";

/** The google.rpc.Code for each error code, defined only here. */
const codes: Record<ErrorCode, number> = {
  INVALID_QUERY: 3,
  UNSUPPORTED_FILTER: 3,
  UNSUPPORTED: 12,
  INVALID_TRACES: 3,
  NOT_FOUND: 5,
  STORE_UNAVAILABLE: 14,
  STORE_CLOSED: 14,
  OVERLOADED: 8,
  TOO_LARGE: 8,
  UNAUTHENTICATED: 16,
  PERMISSION_DENIED: 7,
  CORRUPT: 15,
  ABORTED: 1,
  INVALID_OPTIONS: 13,
  INCOMPATIBLE_SCHEMA: 13,
  DRIVER_UNAVAILABLE: 13,
  INTERNAL: 13,
};

/** The gRPC status for an error's code; INTERNAL for an unknown code. */
export function grpcCodeOf(code: ErrorCode): number {
  return codes[code] ?? 13;
}
