/**
 * The codes of the errors of a store. Codes are stable, messages may change.
 */
export type ErrorCode =
  /** A query that no store can answer: a bad id, a range that ends before it starts, a malformed filter. */
  | "INVALID_QUERY"
  /** A well-formed filter that this store can not answer exactly. */
  | "UNSUPPORTED_FILTER"
  /** A call that this store, or a server in between, does not offer. */
  | "UNSUPPORTED"
  /** A write whose bytes are not OTLP. */
  | "INVALID_TRACES"
  /** A wrong option of a store or of its tools. */
  | "INVALID_OPTIONS"
  | "NOT_FOUND"
  /** The engine cannot be reached or cannot serve now; trying again later may help. */
  | "STORE_UNAVAILABLE"
  /** More work than the configured bounds admit; trying again later helps. */
  | "OVERLOADED"
  /** A request larger than a bound of the store or of a server; trying again does not help. */
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

/** A place in an input text. */
export interface TextPosition {
  /** `offset` and `length` count UTF-16 units, as JavaScript strings do. */
  readonly offset: number;
  readonly length: number;
  /** `line` and `column` begin at 1; `column` counts code points. */
  readonly line: number;
  readonly column: number;
}

export interface ErrorDetails {
  /** The part of the input that is at fault, in the caller's terms: `pageSize`, `filter.args[1]`. */
  readonly field?: string | undefined;
  /** What to do about it. */
  readonly hint?: string | undefined;
  /** The place at fault in an input text, such as TraceQL. */
  readonly position?: TextPosition | undefined;
  /** With OVERLOADED: when to try again, in milliseconds from now. */
  readonly retryAfterMillis?: number | undefined;
  readonly cause?: unknown;
}

/** A global symbol, so that `isSpanStoreError` recognizes errors of other copies of this package. */
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

/** Whether the same call may succeed later: the store is unavailable or overloaded. */
export function mayPass(error: unknown): boolean {
  return isSpanStoreError(error) && (error.code === "STORE_UNAVAILABLE" || error.code === "OVERLOADED");
}

/** An error as plain data, for messages between threads and for logs. */
export interface ErrorData extends Omit<ErrorDetails, "cause"> {
  readonly code: ErrorCode;
  readonly message: string;
}

export function errorToData(error: unknown): ErrorData {
  if (isSpanStoreError(error)) {
    const { code, message, field, hint, position, retryAfterMillis } = error;
    return {
      code,
      message,
      field,
      hint,
      ...(position === undefined ? {} : { position }),
      ...(retryAfterMillis === undefined ? {} : { retryAfterMillis }),
    };
  }
  return { code: "INTERNAL", message: error instanceof Error ? error.message : String(error) };
}

export function errorFromData({ code, message, ...details }: ErrorData): SpanStoreError {
  return new SpanStoreError(code, message, details);
}

/** Throws `ABORTED` when the signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortedError(signal);
}

/** The error of a call whose signal has fired. */
export function abortedError(signal: AbortSignal): SpanStoreError {
  return new SpanStoreError("ABORTED", "the call was cancelled", { cause: signal.reason });
}
