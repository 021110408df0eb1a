import { type RejectedSpan, SpanStoreError, type WriteResult } from "@spanstore/core";
import {
  createGroupCommit,
  type GroupItem,
  orAborted,
  type SeenOperation,
  splitByTrace,
} from "@spanstore/core/engine";
import type { Client } from "../connection/client.js";
import { failureOf, storeError } from "../connection/errors.js";
import type { Control, WriteTicket } from "../coordination/control.js";
import type { Dictionaries } from "../read/dictionary.js";
import { fragmentDocument, linesOf, type NewDocument } from "../read/documents.js";
import type { Dictionary } from "../read/pack.js";
import type { DatedIndices } from "../schema/dated-indices.js";
import type { Naming } from "../schema/naming.js";
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
  /** Notes the names of all spans that are in some indices. */
  readonly renewNames: (indices: Iterable<string>) => Promise<void>;
  /** Resolves when what was written can be found; undefined: nobody waits for that. */
  readonly visible: ((indices: Iterable<string>) => Promise<void>) | undefined;
}

/** So often indices may change under a write before that is an error. */
const maxTries = 3;

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
  const { client, naming, control, operations, dictionaries, indices, lanes, retryMillis } = parts;
  const { renewNames, visible } = parts;

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
      const outcomes = await writeDocuments(group, ticket);
      let at = 0;
      for (const { item, resolve } of group) {
        resolve(outcomes.slice(at, at + item.documents.length));
        at += item.documents.length;
      }
    } finally {
      control.end(ticket);
    }
  };

  /** Writes a group's fragments, and what is not known to stand in their indices. @returns what became of the fragments. */
  const writeDocuments = async (
    group: Group,
    { sequence, generation }: WriteTicket,
  ): Promise<readonly Outcome[]> => {
    const fragments = group.flatMap(({ item }) => item.documents);
    let seen = group.flatMap(({ item }) => item.operations);
    const lost = new Set<string>();
    for (let attempt = 1; ; attempt++) {
      const copies = copiesFor(group, generation);
      const names = operations.documentsOf(seen, generation);
      // Names stand last: where one can be found, so can the spans that say it.
      const documents = [...fragments, ...copies, ...names];
      const used = documents.map(({ index }) => index);
      const actions = documents.map((document) => ({ lines: linesOf(document, sequence) }));
      await indices.ensure(used, generation);
      const first = new Set<string>();
      const outcomes = await sendBulk(client, actions, {
        retryMillis,
        doing: "cannot write",
        onFirstOfShard: (action) => first.add(used[action] as string),
      });
      if (outcomes.slice(fragments.length).every((outcome) => outcome === undefined)) {
        operations.learned(seen, generation);
        dictionaries.learned(copies, generation);
      }
      const { renewed, restarted } = await indices.changed(used, first);
      if (renewed.length + restarted.length === 0) {
        if (lost.size > 0) await renewNames(lost);
        return outcomes.slice(0, fragments.length);
      }
      if (attempt === maxTries) {
        throw new SpanStoreError(
          "STORE_UNAVAILABLE",
          `cannot write: the index ${[...renewed, ...restarted][0]} changes all the time`,
        );
      }
      // What earlier writes brought there may be lost, and what this one did.
      dictionaries.forget([...renewed, ...restarted]);
      // Of an index that was deleted no names are to come back, but those of spans that are in the new one.
      operations.forget(renewed);
      seen = [...seen, ...operations.forget(restarted)];
      for (const index of renewed) lost.add(index);
    }
  };

  /** Writes a group, and each request of it alone when what fails may be the fault of one. */
  const writeApart = async (group: Group): Promise<void> => {
    try {
      await writeGroup(group);
    } catch (error) {
      indices.forget();
      const told = storeError(error, "cannot write");
      const cause = failureOf(told.cause);
      const isOfAll = told.code === "OVERLOADED" || cause === "unreachable" || cause === "busy";
      if (group.length === 1 || isOfAll) throw told;
      for (const each of group) await writeApart([each]).catch(each.reject);
    }
  };

  const write = createGroupCommit<Prepared, readonly Outcome[]>({
    bytesOf: ({ bytes }) => bytes,
    maxGroupBytes: maxBulkBytes,
    concurrency: lanes,
    write: writeApart,
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
    if (visible !== undefined) await orAborted(visible(documents.map(({ index }) => index)), signal);
    return { accepted, rejected };
  };
}
