import { type ResourceView, type SpanView, spanKindWord } from "@spanstore/core/otlp";
import { SqlBytes } from "../connection/literals.js";
import { appendProcess } from "./json-columns.js";

/** The columns that all spans of an operation share; one object an operation, while it is remembered. */
export interface RowOperation {
  readonly service: string;
  readonly name: string;
  readonly spanKind: string;
  readonly likeness: string;
  /** The values of its columns, with a comma behind each. */
  readonly sql: Uint8Array;
}

/** What all spans of a resource have in common. */
export interface SeenResource {
  /** The JSON of its attributes, as it stands within a literal. */
  readonly process: Uint8Array;
  readonly operationOf: (span: SpanView) => RowOperation;
}

/** @param encoded the Resource message that the view is of. */
export type SeenResources = (encoded: Uint8Array, resource: ResourceView) => SeenResource;

/** So much is remembered, roughly. */
const maxBytes = 8 * 1024 * 1024;
/** What an entry takes besides its texts. */
const entryBytes = 256;

/** Remembers resources and their operations, since most requests bring the same again, until there are too many. */
export function createSeenResources(): SeenResources {
  const known = new Map<string, SeenResource>();
  let bytes = 0;

  return (encoded, resource) => {
    const key = Buffer.from(encoded.buffer, encoded.byteOffset, encoded.length).toString("latin1");
    const seen = known.get(key);
    if (seen !== undefined) return seen;
    if (bytes > maxBytes) {
      known.clear();
      bytes = 0;
    }
    const json = new SqlBytes(1024);
    appendProcess(json, resource.attributes);
    const process = Buffer.from(json.bytes.subarray(0, json.length));
    const operationOf = createOperations(resource.serviceName, (more) => {
      bytes += more;
    });
    const own = { process, operationOf };
    bytes += key.length + process.length + entryBytes;
    known.set(key, own);
    return own;
  };
}

/** The operations of a service. @param note receives the bytes of each new one. */
function createOperations(service: string, note: (bytes: number) => void): SeenResource["operationOf"] {
  /** By the number of the kind, then by name. */
  const operations = new Map<number, Map<string, RowOperation>>();
  return ({ kind, name }) => {
    let ofKind = operations.get(kind);
    if (ofKind === undefined) {
      ofKind = new Map();
      operations.set(kind, ofKind);
    }
    let operation = ofKind.get(name);
    if (operation === undefined) {
      operation = operationOf(service, name, spanKindWord(kind));
      ofKind.set(name, operation);
      note(2 * (name.length + operation.sql.length) + entryBytes);
    }
    return operation;
  };
}

function operationOf(service: string, name: string, spanKind: string): RowOperation {
  const sql = new SqlBytes(256);
  sql.text(name);
  sql.comma();
  sql.text(service);
  sql.ascii(`,'${spanKind}',`);
  return {
    service,
    name,
    spanKind,
    likeness: `${service} ${name}`,
    sql: Buffer.from(sql.bytes.subarray(0, sql.length)),
  };
}
