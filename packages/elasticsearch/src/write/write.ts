import type { RejectedSpan, WriteResult } from "@spanstore/core";
import { createGroupCommit, type GroupItem, type SeenOperation, splitByTrace } from "@spanstore/core/engine";
import type { Client } from "../connection/client.js";
import { storeError } from "../connection/errors.js";
import type { Control } from "../coordination/control.js";
import type { Dictionaries } from "../read/dictionary.js";
import { fragmentDocument, linesOf, type NewDocument } from "../read/documents.js";
import type { Dictionary } from "../read/pack.js";
import type { Naming } from "../schema/naming.js";
import type { DatedIndices } from "../schema/schema.js";
import { maxBulkBytes, type Outcome, sendBulk } from "./bulk.js";
import type { Operations } from "./operations.js";
import { rejectedSpans } from "./rejected.js";

export interface WriterParts {
  readonly client: Client;
  readonly naming: Naming;
  readonly control: Control;
  readonly operations: Operations;
  readonly dictionaries: Dictionaries;
  readonly indices: DatedIndices;
  /** Requests in flight. */
  readonly lanes: number;
  readonly retryMillis: number;
  /** Resolves when what was written can be found; undefined: nobody waits for that. */
  readonly visible: ((indices: Iterable<string>) => Promise<void>) | undefined;
}

/** A request, taken apart. */
interface Prepared {
  readonly documents: readonly NewDocument[];
  readonly operations: readonly SeenOperation[];
  /** That its spans were compressed with. */
  readonly dictionary: Dictionary | undefined;
  readonly bytes: number;
}

/** Each is told which of its documents can never be indexed. */
type Group = readonly GroupItem<Prepared, readonly Outcome[]>[];

export function createWriter(
  parts: WriterParts,
): (encoded: Uint8Array, signal?: AbortSignal) => Promise<WriteResult> {
  const { client, naming, control, operations, dictionaries, indices, lanes, retryMillis, visible } = parts;
  /** The dictionaries of a group, for each index that they are not known to be in. */
  const copiesFor = (group: Group, generation: number): NewDocument[] => {
    const used = new Map<Dictionary, Set<string>>();
    for (const { item } of group) {
      const { dictionary, documents } = item;
      if (dictionary === undefined) continue;
      const indices = used.get(dictionary) ?? new Set();
      for (const { index } of documents) indices.add(index);
      used.set(dictionary, indices);
    }
    return [...used].flatMap(([dictionary, indices]) =>
      dictionaries.documentsOf(dictionary, indices, generation),
    );
  };

  const writeGroup = async (group: Group): Promise<void> => {
    const ticket = await control.begin();
    try {
      const seen = group.flatMap(({ item }) => item.operations);
      const copies = copiesFor(group, ticket.generation);
      const names = operations.documentsOf(seen, ticket.generation);
      // Names stand last: where one can be found, so can the spans that say it.
      const documents = [...group.flatMap(({ item }) => item.documents), ...copies, ...names];
      const actions = documents.map((document) => ({ lines: linesOf(document, ticket.sequence) }));
      await indices.ensure(
        documents.map(({ index }) => index),
        ticket.generation,
      );
      const outcomes = await sendBulk(client, actions, { retryMillis, doing: "cannot write" });
      const own = outcomes.length - names.length - copies.length;
      if (outcomes.slice(own).every((outcome) => outcome === undefined)) {
        operations.learned(seen, ticket.generation);
        dictionaries.learned(copies, ticket.generation);
      }
      let at = 0;
      for (const { item, resolve } of group) {
        resolve(outcomes.slice(at, at + item.documents.length));
        at += item.documents.length;
      }
    } finally {
      control.end(ticket);
    }
  };

  const write = createGroupCommit<Prepared, readonly Outcome[]>({
    bytesOf: ({ bytes }) => bytes,
    maxGroupBytes: maxBulkBytes,
    concurrency: lanes,
    write: (group) =>
      writeGroup(group).catch((error: unknown) => {
        indices.forget();
        throw storeError(error, "cannot write");
      }),
  });

  return async (encoded, signal) => {
    const split = splitByTrace(encoded, { maxExtentMillis: naming.windows.extentMillis });
    const dictionary = dictionaries.current(split.fragments);
    const documents = split.fragments.map((fragment) =>
      fragmentDocument(naming.index(naming.windows.at(fragment.newestStartUnixNano)), fragment, dictionary),
    );
    const rejected: RejectedSpan[] = [...split.rejected];
    if (documents.length === 0) return { accepted: 0, rejected };
    const bytes = documents.reduce((sum, { json }) => sum + json.length, 0);
    const outcomes = await write({ documents, operations: split.operations, dictionary, bytes }, signal);
    let accepted = split.spanCount;
    outcomes.forEach((outcome, i) => {
      if (outcome === undefined) return;
      const spans = rejectedSpans(
        split.fragments[i]?.encoded ?? encoded,
        `${outcome.type}: ${outcome.reason}`,
      );
      accepted -= spans.length;
      rejected.push(...spans);
    });
    await visible?.(documents.map(({ index }) => index));
    return { accepted, rejected };
  };
}
