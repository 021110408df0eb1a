import { type RejectedSpan, SpanStoreError, type WriteResult } from "@spanstore/core";
import {
  createGroupCommit,
  type EngineWriter,
  type GroupItem,
  orAborted,
  type SeenOperation,
  type Split,
  splitByTrace,
  type WatchedTerms,
  watchedFragments,
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
  /** Bulk requests in flight. */
  readonly lanes: number;
  readonly retryMillis: number;
  /** Writes the names of all spans in these indices. */
  readonly renewNames: (indices: Iterable<string>) => Promise<void>;
  /** Resolves when searches find the write; undefined where writes do not wait for that. */
  readonly visible: ((indices: Iterable<string>) => Promise<void>) | undefined;
}

/** How often indices may change during a write before the write fails. */
const maxTries = 3;

/** A request as documents. */
interface Prepared {
  readonly documents: readonly NewDocument[];
  readonly operations: readonly SeenOperation[];
  /** The dictionary that compressed its spans. */
  readonly dictionary: Dictionary | undefined;
  readonly bytes: number;
}

/** Each item resolves with the outcomes of its documents. */
type Group = readonly GroupItem<Prepared, readonly Outcome[]>[];

export function createWriter(parts: WriterParts): EngineWriter["write"] {
  const { client, naming, control, operations, dictionaries, indices, lanes, retryMillis } = parts;
  const { renewNames, visible } = parts;

  /** Copies of the dictionaries of a group, for the indices that are not known to have them. */
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

  /** Writes a group's fragments with the names and dictionaries that their indices may lack. @returns the outcomes of the fragments. */
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
      // Names come last: when a search finds a name, it finds the spans of the name.
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
          `cannot write: the index ${[...renewed, ...restarted][0]} was replaced ${maxTries} times during the write`,
        );
      }
      // The documents of earlier writes may be lost, and those of this one.
      dictionaries.forget([...renewed, ...restarted]);
      // A deleted index lost its spans, so its names must not come back; the spans of the new index bring their own.
      operations.forget(renewed);
      seen = [...seen, ...operations.forget(restarted)];
      for (const index of renewed) lost.add(index);
    }
  };

  /** Writes a group. When one request may be at fault, writes each alone. */
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

  return async (encoded, signal, _handOver, watched) => {
    const split = splitByTrace(encoded, { maxExtentMillis: naming.windows.extentMillis });
    const dictionary = dictionaries.current(split.fragments);
    const documents = split.fragments.map((fragment) =>
      fragmentDocument(naming.index(naming.windows.at(fragment.newestStartUnixNano)), fragment, dictionary),
    );
    const rejected: RejectedSpan[] = [...split.rejected];
    if (documents.length === 0) return { accepted: 0, rejected, ...watchedOf(split, watched) };
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
    return { accepted, rejected, ...watchedOf(split, watched) };
  };
}

function watchedOf(split: Split, watched: WatchedTerms | undefined): Pick<WriteResult, "watched"> {
  return watched === undefined ? {} : { watched: watchedFragments(split, watched) };
}
