import type { SeenOperation } from "@spanstore/core/engine";
import { type NewDocument, nameHash } from "./documents.js";

/** An operation without the time at which it was seen. */
export type NamedOperation = Omit<SeenOperation, "newestStartUnixNano">;

/** What is stored of a name's document: a service, or an operation of one. */
export type NameSource = ServiceSource | OperationSource;

export interface ServiceSource {
  readonly service: string;
}

export interface OperationSource {
  readonly of: string;
  readonly name: string;
  readonly kind: string;
}

/** What all services have in `names`; operations have {@link operationsOf}. */
export const servicesMark = "services";

/** What the operations of a service have in `names`. */
export function operationsOf(service: string): string {
  return nameHash(service);
}

/** An operation as a label: its kind, which has no colon, before the first one. */
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
