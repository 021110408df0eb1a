import { type RejectedSpan, SpanStoreError, type WriteResult } from "@spanstore/core";
import { type SeenOperation, splitByTrace, throwIfAborted } from "@spanstore/core/engine";
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

/** A request that waits for its turn, taken apart. */
interface Waiting {
  readonly documents: readonly NewDocument[];
  readonly operations: readonly SeenOperation[];
  /** That its spans were compressed with. */
  readonly dictionary: Dictionary | undefined;
  readonly bytes: number;
  readonly signal: AbortSignal | undefined;
  /** Which of the documents can never be indexed. */
  readonly resolve: (outcomes: readonly Outcome[]) => void;
  readonly reject: (error: unknown) => void;
}

export function createWriter(
  parts: WriterParts,
): (encoded: Uint8Array, signal?: AbortSignal) => Promise<WriteResult> {
  const { client, naming, control, operations, dictionaries, indices, lanes, retryMillis, visible } = parts;
  let waiting: Waiting[] = [];
  let busy = 0;

  /** As many of those that wait as make a good request. */
  const nextGroup = (): Waiting[] => {
    const group: Waiting[] = [];
    let bytes = 0;
    let taken = 0;
    for (const each of waiting) {
      if (group.length > 0 && bytes + each.bytes > maxBulkBytes) break;
      taken++;
      if (each.signal?.aborted) {
        each.reject(new SpanStoreError("ABORTED", "the call was cancelled", { cause: each.signal.reason }));
        continue;
      }
      bytes += each.bytes;
      group.push(each);
    }
    waiting = waiting.slice(taken);
    return group;
  };

  /** The dictionaries of a group, for each index that they are not known to be in. */
  const copiesFor = (group: readonly Waiting[], generation: number): NewDocument[] => {
    const used = new Map<Dictionary, Set<string>>();
    for (const { dictionary, documents } of group) {
      if (dictionary === undefined) continue;
      const indices = used.get(dictionary) ?? new Set();
      for (const { index } of documents) indices.add(index);
      used.set(dictionary, indices);
    }
    return [...used].flatMap(([dictionary, indices]) =>
      dictionaries.documentsOf(dictionary, indices, generation),
    );
  };

  const writeGroup = async (group: readonly Waiting[]): Promise<void> => {
    const ticket = await control.begin();
    try {
      const seen = group.flatMap((each) => each.operations);
      const copies = copiesFor(group, ticket.generation);
      const names = operations.documentsOf(seen, ticket.generation);
      // Names stand last: where one can be found, so can the spans that say it.
      const documents = [...group.flatMap((each) => each.documents), ...copies, ...names];
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
      for (const { documents: own, resolve } of group) {
        resolve(outcomes.slice(at, at + own.length));
        at += own.length;
      }
    } finally {
      control.end(ticket);
    }
  };

  const drain = async (): Promise<void> => {
    busy++;
    while (waiting.length > 0) {
      const group = nextGroup();
      if (group.length === 0) continue;
      try {
        await writeGroup(group);
      } catch (error) {
        indices.forget();
        const told = storeError(error, "cannot write");
        for (const { reject } of group) reject(told);
      }
    }
    busy--;
  };

  return async (encoded, signal) => {
    const split = splitByTrace(encoded, { maxExtentMillis: naming.windows.extentMillis });
    const dictionary = dictionaries.current(split.fragments);
    const documents = split.fragments.map((fragment) =>
      fragmentDocument(naming.index(naming.windows.at(fragment.newestStartUnixNano)), fragment, dictionary),
    );
    const rejected: RejectedSpan[] = [...split.rejected];
    if (documents.length === 0) return { accepted: 0, rejected };
    throwIfAborted(signal);
    const outcomes = await new Promise<readonly Outcome[]>((resolve, reject) => {
      waiting.push({
        documents,
        operations: split.operations,
        dictionary,
        bytes: documents.reduce((sum, { json }) => sum + json.length, 0),
        signal,
        resolve,
        reject,
      });
      // In a moment, so that what comes at once goes together.
      if (busy < lanes) setImmediate(() => busy < lanes && waiting.length > 0 && void drain());
    });
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
