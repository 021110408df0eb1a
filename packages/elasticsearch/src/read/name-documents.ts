import type { SeenOperation } from "@spanstore/core/engine";
import { type NewDocument, nameHash } from "./documents.js";

/** An operation without its newest start. */
export type NamedOperation = Omit<SeenOperation, "newestStartUnixNano">;

/** The stored source of a name's document: a service, or an operation. */
export type NameSource = ServiceSource | OperationSource;

export interface ServiceSource {
  readonly service: string;
}

export interface OperationSource {
  readonly of: string;
  readonly name: string;
  readonly kind: string;
}

/** The value of `names` in every service's document; operations have {@link operationsOf}. */
export const servicesMark = "services";

/** The value of `names` in the documents of a service's operations. */
export function operationsOf(service: string): string {
  return nameHash(service);
}

/** An operation as a label: kind, colon, name. A kind has no colon. */
export function labelOf({ name, kind }: Pick<OperationSource, "name" | "kind">): string {
  return `${kind}:${name}`;
}

export function readLabel(label: string): { readonly name: string; readonly spanKind: string } {
  const colon = label.indexOf(":");
  return { spanKind: label.slice(0, colon), name: label.slice(colon + 1) };
}

/** The documents of an operation and its service. */
export function nameDocuments(index: string, { service, name, spanKind }: NamedOperation): NewDocument[] {
  const of = operationsOf(service);
  const operation: OperationSource = { of: service, name, kind: spanKind };
  return [
    nameDocument(index, `s${of}`, servicesMark, service, { service }),
    nameDocument(index, `o${nameHash(service, name, spanKind)}`, of, labelOf(operation), operation),
  ];
}

function nameDocument(
  index: string,
  id: string,
  names: string,
  label: string,
  source: NameSource,
): NewDocument {
  return { index, id, op: "index", kind: "name", json: JSON.stringify({ names, label, ...source }) };
}
