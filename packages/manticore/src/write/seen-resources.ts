import { type ResourceView, type SpanView, spanKindWord } from "@spanstore/core/otlp";
import { SqlBytes } from "../connection/literals.js";
import { appendProcess } from "./json-columns.js";

/** The columns that all spans of an operation share. */
export interface RowOperation {
  readonly service: string;
  readonly name: string;
  readonly spanKind: string;
  readonly likeness: string;
  /** The SQL of its columns, with a comma after each. */
  readonly sql: Uint8Array;
}

/** The values that all spans of a resource share. */
export interface SeenResource {
  /** The JSON of its attributes, escaped for a string literal. */
  readonly process: Uint8Array;
  readonly operationOf: (span: SpanView) => RowOperation;
}

/** @param encoded the encoded Resource message of the view. */
export type SeenResources = (encoded: Uint8Array, resource: ResourceView) => SeenResource;

/** The approximate size of the cache. */
const maxBytes = 8 * 1024 * 1024;
/** The size of an entry besides its texts. */
const entryBytes = 256;

/** Makes a cache of resources and their operations, since most requests repeat them. A full cache is emptied. */
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
  /** By kind, then by name. */
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
