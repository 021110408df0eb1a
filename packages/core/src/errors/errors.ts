/**
 * Every error that a store raises on purpose carries one of these codes. Messages may change,
 * codes do not.
 */
export type ErrorCode =
  /** A query that no store can answer: a bad id, a range turned round, a malformed filter. */
  | "INVALID_QUERY"
  /** A well-formed filter that this store can not answer exactly. */
  | "UNSUPPORTED_FILTER"
  /** A call that this store, or a server in between, does not offer. */
  | "UNSUPPORTED"
  /** A write whose bytes are not OTLP. */
  | "INVALID_TRACES"
  /** A wrong option when a store is opened. */
  | "INVALID_OPTIONS"
  | "NOT_FOUND"
  /** The engine cannot be reached or cannot write now; trying again later may help. */
  | "STORE_UNAVAILABLE"
  /** More work than the configured bounds admit; trying again later helps. */
  | "OVERLOADED"
  /** One request larger than the configured bound; trying again does not help. */
  | "TOO_LARGE"
  /** A server needs a tenant or credentials, and the call carries none. */
  | "UNAUTHENTICATED"
  /** A server knows the caller and refuses the call. */
  | "PERMISSION_DENIED"
  /** Stored bytes can not be read back. */
  | "CORRUPT"
  /** Another version or another program wrote the stored data. */
  | "INCOMPATIBLE_SCHEMA"
  /** The engine's driver or the file of its thread does not load here, or this Node.js is too old. */
  | "DRIVER_UNAVAILABLE"
  /** The store was closed before the call. */
  | "STORE_CLOSED"
  /** The caller's AbortSignal fired. */
  | "ABORTED"
  /** A defect of spanstore. */
  | "INTERNAL";

/** A place in a text that was read. */
export interface TextPosition {
  /** In UTF-16 units, as JavaScript counts; `length` too. */
  readonly offset: number;
  readonly length: number;
  /** From 1; the column in code points. */
  readonly line: number;
  readonly column: number;
}

export interface ErrorDetails {
  /** The part of the input that is at fault, in the caller's terms: `pageSize`, `filter.args[1]`. */
  readonly field?: string | undefined;
  /** What to do about it. */
  readonly hint?: string | undefined;
  /** With an input that is a text, such as a filter as TraceQL: the place that is at fault. */
  readonly position?: TextPosition | undefined;
  /** With OVERLOADED: when to try again, in milliseconds from now. */
  readonly retryAfterMillis?: number | undefined;
  readonly cause?: unknown;
}

/** Found on every error of every copy of this package, so that the guard works across copies. */
const marker = Symbol.for("spanstore.error");

export class SpanStoreError extends Error {
  override readonly name = "SpanStoreError";
  readonly [marker] = true;
  readonly code: ErrorCode;
  readonly field: string | undefined;
  readonly hint: string | undefined;
  readonly position: TextPosition | undefined;
  readonly retryAfterMillis: number | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.field = details.field;
    this.hint = details.hint;
    this.position = details.position;
    this.retryAfterMillis = details.retryAfterMillis;
  }
}

export function isSpanStoreError(error: unknown): error is SpanStoreError {
  return typeof error === "object" && error !== null && marker in error;
}

/** Whether the same call may succeed later: the store is away or has too much to do. */
export function mayPass(error: unknown): boolean {
  return isSpanStoreError(error) && (error.code === "STORE_UNAVAILABLE" || error.code === "OVERLOADED");
}

/** An error as plain data, for a way that carries no classes: a thread's message, a log line. */
export interface ErrorData {
  readonly code: ErrorCode;
  readonly message: string;
  readonly field?: string | undefined;
  readonly hint?: string | undefined;
  readonly position?: TextPosition | undefined;
}

export function errorToData(error: unknown): ErrorData {
  if (isSpanStoreError(error)) {
    const { code, message, field, hint, position } = error;
    return { code, message, field, hint, ...(position === undefined ? {} : { position }) };
  }
  return { code: "INTERNAL", message: error instanceof Error ? error.message : String(error) };
}

export function errorFromData(data: ErrorData): SpanStoreError {
  return new SpanStoreError(data.code, data.message, {
    field: data.field,
    hint: data.hint,
    position: data.position,
  });
}

/** Throws `ABORTED` when the signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortedError(signal);
}

/** The error of a call whose signal has fired. */
export function abortedError(signal: AbortSignal): SpanStoreError {
  return new SpanStoreError("ABORTED", "the call was cancelled", { cause: signal.reason });
}
