import { isSpanStoreError, SpanStoreError } from "@spanstore/core";

/** The kind of an error, which decides how it is handled. */
export type Failure =
  /** searchd does not answer, or takes no more connections: another address or a later attempt may succeed. */
  | "unreachable"
  /** The id of a row is taken. */
  | "duplicate"
  /** A table of the statement does not exist. */
  | "no table"
  /** A table of the statement lacks a column. */
  | "no column"
  /** The account is unknown, its password is wrong, or it lacks a permission. */
  | "denied"
  /** The server's certificate is missing or not trusted. */
  | "untrusted"
  /** The disk is full, or a quota is used up. */
  | "full"
  | "other";

const timedOut = "PROTOCOL_SEQUENCE_TIMEOUT";

const refused = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EHOSTDOWN",
  "ENOTFOUND",
  "EAI_AGAIN",
  "PROTOCOL_CONNECTION_LOST",
  timedOut,
  "ER_SERVER_SHUTDOWN",
  "ER_CON_COUNT_ERROR",
]);

/** Whether a statement was sent and not answered in time. */
export function isTimeout(error: unknown): boolean {
  return partsOf(error).code === timedOut;
}

/** The code of an incomplete answer: an agent did not give its part. */
export const agentFailed = "AGENT_FAILED";
/** The code of an incomplete answer: a table did not give its part. */
export const partFailed = "PART_FAILED";

export function failureOf(error: unknown): Failure {
  const { code, message } = partsOf(error);
  if (
    /unknown (local )?table|table '[^']*' absent|no such (local )?table|requires an existing table/i.test(
      message,
    )
  )
    return "no table";
  if (refused.has(code) || /closed state|server has gone away/i.test(message) || isMaxedOut(message))
    return "unreachable";
  if (code === "ER_ACCESS_DENIED_ERROR" || /permission denied for user/i.test(message)) return "denied";
  if (columnIn(message) !== undefined) return "no column";
  if (isOfAgent(code, message)) return "unreachable";
  if (/^(HANDSHAKE_|ERR_TLS_|ERR_SSL_)/.test(code)) return "untrusted";
  if (/duplicate id '/.test(message)) return "duplicate";
  if (/unable to write to binlog|no space left|disk quota exceeded|file too large/i.test(message))
    return "full";
  return "other";
}

/** The missing column that a message names. */
function columnIn(message: string): string | undefined {
  return /unknown column: '?(\w+)|attribute '(\w+)' not found/i.exec(message)?.slice(1).find(Boolean);
}

/** Failures of all agents are an error of searchd; failures of some are {@link agentFailed}. */
function isOfAgent(code: string, message: string): boolean {
  return code === agentFailed || /^(table '?[^ ]+: )?agent \S+: /.test(message);
}

function isMaxedOut(message: string): boolean {
  return /maxed out/i.test(message);
}

/** Adds the address and the purpose of a statement to its error, for the message of {@link storeError}. */
export function withCircumstances(error: unknown, at: string, doing: string | undefined): unknown {
  if (typeof error !== "object" || error === null || isSpanStoreError(error)) return error;
  return Object.assign(error, { at, ...(doing === undefined ? {} : { doing }) });
}

/**
 * Makes a SpanStoreError of a failed statement. Its `field` names the option to blame, if any.
 * @param doing the beginning of the message, unless the statement has its own.
 */
export function storeError(error: unknown, doing: string): SpanStoreError {
  if (isSpanStoreError(error)) return error;
  const { code, message, at, doing: what = doing } = partsOf(error);
  const reason = message || code || "it gave no reason";
  const searchd = at === undefined ? "Manticore Search" : `Manticore Search at ${at}`;
  const failed = (text: string, details: { field?: string; hint?: string } = {}): SpanStoreError =>
    new SpanStoreError("STORE_UNAVAILABLE", `${what}: ${text}`, { cause: error, ...details });
  switch (failureOf(error)) {
    case "unreachable":
      if (isOfAgent(code, message)) {
        return failed(`${searchd} got no answer from a shard: ${reason}`, {
          hint: "does every searchd of `shards` run, and listen at its agent's address?",
        });
      }
      if (code === timedOut) {
        return failed(`${searchd} did not answer in time`, {
          hint: "is searchd overloaded or stopped? `timeoutMillis` is how long a statement may take",
        });
      }
      if (isMaxedOut(message)) {
        return failed(`${searchd} takes no more connections`, {
          hint: "raise max_connections of searchd, or lower `writers` and `readers`",
        });
      }
      return failed(`cannot reach ${searchd}: ${reason}`, {
        hint: "does searchd run, and does it listen for the MySQL protocol at this address?",
      });
    case "denied":
      return failed(`${searchd} refuses: ${reason}`, {
        field: "url",
        hint: "check user and password, and that the user has the permissions read, write and schema",
      });
    case "untrusted":
      return failed(`the connection to ${searchd} cannot be trusted: ${reason}`, {
        field: code === "HANDSHAKE_NO_SSL_SUPPORT" ? "url" : "ca",
        hint:
          code === "HANDSHAKE_NO_SSL_SUPPORT"
            ? "searchd has no ssl_cert and ssl_key: set them, or use mysql:"
            : "`ca` must contain the authority of searchd's certificate, and the certificate must name the host of `url`",
      });
    case "no column": {
      const [, table] = /^table (\w+)[,:]/.exec(message) ?? [];
      return new SpanStoreError(
        "INCOMPATIBLE_SCHEMA",
        `${what}: ${table === undefined ? "the table" : `the table ${table}`} lacks the column ${columnIn(message)}`,
        {
          hint: "`spanstore maintain repair` gives a table of spans its columns back; `spanstore doctor` names all that are missing",
          cause: error,
        },
      );
    }
    case "full":
      return failed(reason, {
        hint: "make room on the disk of searchd's data_dir; writes go on by themselves",
      });
    default:
      if (code === partFailed || code.startsWith("ER_") || "sqlState" in Object(error)) return failed(reason);
      return new SpanStoreError("INTERNAL", `${what}: ${reason}`, { cause: error });
  }
}

interface Parts {
  readonly code: string;
  readonly message: string;
  readonly at: string | undefined;
  readonly doing: string | undefined;
}

function partsOf(error: unknown): Parts {
  const { code, message, at, doing } = Object(error) as Partial<Record<keyof Parts, unknown>>;
  const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
  return {
    code: text(code) ?? "",
    message: text(message) ?? (typeof error === "object" ? "" : String(error)),
    at: text(at),
    doing: text(doing),
  };
}
