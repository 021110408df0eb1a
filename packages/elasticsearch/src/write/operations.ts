import type { Operation } from "@spanstore/core";
import {
  compilePredicate,
  createSeenSet,
  type Predicate,
  requiredTerms,
  type SeenOperation,
} from "@spanstore/core/engine";
import { spanKindWord, spansOf } from "@spanstore/core/otlp";
import type { Client } from "../connection/client.js";
import { linesOf, type NewDocument } from "../read/documents.js";
import type { Kept, KeptFragments } from "../read/kept.js";
import { createLabels } from "../read/labels.js";
import {
  labelOf,
  type NamedOperation,
  type NameSource,
  nameDocuments,
  type OperationSource,
  operationsOf,
  readLabel,
  type ServiceSource,
  servicesMark,
} from "../read/name-documents.js";
import type { Naming } from "../schema/naming.js";
import { conjuncts } from "../terms/lower.js";
import { type Hit, pages } from "../terms/paging.js";
import { sendBulk } from "./bulk.js";
import { createRecent } from "./recent.js";

/**
 * Services and operations. Each has a document in every index that has its spans, so dropping an index drops its names, and
 * listing names reads no spans.
 */
export interface Operations {
  /** The documents that a write has to add, for the names that are not known to be stored. */
  readonly documentsOf: (seen: readonly SeenOperation[], generation: number) => NewDocument[];
  /** Notes that the documents of these names are durable. */
  readonly learned: (seen: readonly SeenOperation[], generation: number) => void;
  readonly services: (signal?: AbortSignal) => Promise<string[]>;
  readonly of: (service: string, signal?: AbortSignal) => Promise<Operation[]>;
  /** Forgets the names that are known to be in these indices. @returns those names. */
  readonly forget: (indices: readonly string[]) => SeenOperation[];
  /** Drops cached lists, since names may be gone. */
  readonly changed: () => void;
  /** The names in these indices, with the sequence numbers of their documents. */
  readonly listed: (indices: readonly string[]) => Promise<readonly ListedName[]>;
  /** Deletes the names that no span of their index has any more, unless they were written again. */
  readonly prune: (listed: readonly ListedName[]) => Promise<void>;
  /** Writes the names of all spans in an index. */
  readonly renew: (index: string) => Promise<void>;
}

interface Known {
  readonly index: string;
  readonly operation: SeenOperation;
}

export interface ListedName {
  readonly index: string;
  readonly id: string;
  readonly seqNo: number;
  readonly primaryTerm: number;
  readonly source: NameSource;
}

/** How many names a server remembers, so that most writes add none. */
const maxKnown = 200_000;
const fragmentsPerPage = 200;
const namesPerPage = 1_000;
/** Longer lists are not cached. */
const mostListed = 10_000;
const checksPerRequest = 50;
/** A check reads this many of the newest fragments first; nearly always the first one has the span. */
const fragmentsPerCheck = 2;
const deletionRetryMillis = 10_000;

/** @param maxAgeMillis of cached lists of names. */
export function createOperations(
  client: Client,
  kept: KeptFragments,
  naming: Naming,
  maxAgeMillis: number,
): Operations {
  /** Deletions go by time: a name in a later dated index makes the same name in an earlier one redundant. */
  const isInstead = (known: string, index: string): boolean =>
    known === index || (isDated(known) && isDated(index) && known > index);
  const isDated = (index: string): boolean => naming.windowOf(index)?.name !== "other";
  /** The latest index in which an operation is known to be, by {@link keyOf}. */
  const known = createSeenSet<Known>(maxKnown, (before, { index }) => isInstead(before.index, index));
  const labels = createLabels(client, naming);
  const recent = createRecent<ReadonlySet<string>>(maxAgeMillis, ({ size }) => size <= mostListed);

  const documentsOf = (seen: readonly SeenOperation[], generation: number): NewDocument[] => {
    const documents = new Map<string, NewDocument>();
    for (const operation of seen) {
      const index = naming.index(naming.windows.at(operation.newestStartUnixNano));
      const at = known.get(keyOf(operation), generation)?.index;
      if (at !== undefined && isInstead(at, index)) continue;
      for (const document of nameDocuments(index, operation))
        documents.set(`${index} ${document.id}`, document);
    }
    return [...documents.values()];
  };

  const spansIn = (hit: Hit<Kept>): ReturnType<typeof spansOf> => spansOf(kept.of(hit).encoded);
  const holds = (hit: Hit<Kept>, matches: Check["matches"]): boolean => {
    for (const span of spansIn(hit)) if (matches(span)) return true;
    return false;
  };

  /** Whether a span of the index has this name. */
  const isSaid = async ({ index, source }: ListedName): Promise<boolean> => {
    const { matches, filter } = checkOf(source);
    const body = { query: { bool: { filter } }, sort: [{ newest: "desc" }], _source: true };
    const options = { doing: "cannot delete" };
    for await (const hits of kept.pages(index, body, () => 32, options)) {
      if (hits.some((hit) => holds(hit, matches))) return true;
    }
    return false;
  };

  const unsaid = async (listed: readonly ListedName[]): Promise<ListedName[]> => {
    const gone: ListedName[] = [];
    for (let at = 0; at < listed.length; at += checksPerRequest) {
      const part = listed.slice(at, at + checksPerRequest);
      const checks = part.map(({ source }) => checkOf(source));
      const lines = part.map(({ index }, i) => checkLines(index, checks[i]?.filter ?? []));
      const { responses } = await client.request<MultiSearchAnswer>(
        {
          method: "POST",
          path: "/_msearch",
          query: { filter_path: "responses.status,responses.hits.hits._index,responses.hits.hits._source" },
          lines: lines.join(""),
        },
        { doing: "cannot delete" },
      );
      for (const [i, name] of part.entries()) {
        const hits = responses[i]?.hits?.hits ?? [];
        await kept.prepare(hits);
        const { matches } = checks[i] as Check;
        if (responses[i]?.status === 200 && hits.some((hit) => holds(hit, matches))) continue;
        const isComplete = responses[i]?.status === 200 && hits.length < fragmentsPerCheck;
        if (isComplete || !(await isSaid(name))) gone.push(name);
      }
    }
    return gone;
  };

  return {
    documentsOf,
    learned: (seen, generation) =>
      known.confirm(
        seen.map((operation) => {
          const index = naming.index(naming.windows.at(operation.newestStartUnixNano));
          return [keyOf(operation), { index, operation }] as const;
        }),
        generation,
      ),

    forget: (indices) =>
      known.forget(({ index }) => indices.includes(index)).map(({ operation }) => operation),

    services: async (signal) => [
      ...(await recent.of(servicesMark, () =>
        labels.of<ServiceSource>(servicesMark, ({ service }) => service, signal),
      )),
    ],

    of: async (service, signal) => {
      const mark = operationsOf(service);
      const found = await recent.of(mark, () => labels.of<OperationSource>(mark, labelOf, signal));
      return [...found].map(readLabel);
    },

    changed: recent.forget,

    listed: async (indices) => {
      const names: ListedName[] = [];
      if (indices.length === 0) return names;
      const body = {
        query: { exists: { field: "names" } },
        _source: true,
        seq_no_primary_term: true,
      };
      const options = { doing: "cannot delete" };
      for await (const hits of pages<NameSource>(
        client,
        indices.join(","),
        body,
        () => namesPerPage,
        options,
      )) {
        for (const { _index, _id, _seq_no, _primary_term, _source } of hits) {
          if (_source === undefined || _seq_no === undefined || _primary_term === undefined) continue;
          names.push({ index: _index, id: _id, seqNo: _seq_no, primaryTerm: _primary_term, source: _source });
        }
      }
      return names;
    },

    prune: async (listed) => {
      const gone = await unsaid(listed);
      const actions = gone.map(({ index, id, seqNo, primaryTerm }) => ({
        lines: `${JSON.stringify({ delete: { _index: index, _id: id, if_seq_no: seqNo, if_primary_term: primaryTerm } })}\n`,
      }));
      await sendBulk(client, actions, { retryMillis: deletionRetryMillis, doing: "cannot delete" });
    },

    renew: async (index) => {
      const documents = new Map<string, NewDocument>();
      const body = { query: { exists: { field: "newest" } }, _source: true };
      const options = { doing: "cannot delete" };
      for await (const hits of kept.pages(index, body, () => fragmentsPerPage, options)) {
        for (const span of hits.flatMap((hit) => [...spansIn(hit)])) {
          const service = span.resource.serviceName;
          if (service === "") continue;
          const operation = { service, name: span.name, spanKind: spanKindWord(span.kind) };
          for (const document of nameDocuments(index, operation)) documents.set(document.id, document);
        }
      }
      const actions = Array.from(documents.values(), (document) => ({ lines: linesOf(document, 0) }));
      await sendBulk(client, actions, { retryMillis: deletionRetryMillis, doing: "cannot delete" });
    },
  };
}

function keyOf({ service, name, spanKind }: NamedOperation): string {
  return `${spanKind} ${service.length} ${service}${name}`;
}

interface MultiSearchAnswer {
  readonly responses: readonly {
    readonly status?: number;
    readonly hits?: { readonly hits?: readonly Hit<Kept>[] };
  }[];
}

interface Check {
  readonly matches: ReturnType<typeof compilePredicate>;
  readonly filter: readonly object[];
}

/** How to find a name among the fragments of its index. */
function checkOf(source: NameSource): Check {
  const { service, name, kind } =
    "service" in source ? { ...source, name: undefined, kind: undefined } : { ...source, service: source.of };
  const equals = (level: "resource" | "span", field: string, text: string): Predicate => ({
    op: "eq",
    ref: { ref: "field", level, name: field },
    value: { type: "string", text },
  });
  const args = [
    equals("resource", "service", service),
    ...(name === undefined ? [] : [equals("span", "name", name)]),
  ];
  const predicate: Predicate = args.length === 1 ? (args[0] as Predicate) : { op: "and", args };
  const isMatch = compilePredicate(predicate);
  const terms = requiredTerms(predicate);
  return {
    matches: (span) => isMatch(span) && (kind === undefined || spanKindWord(span.kind) === kind),
    filter: [{ exists: { field: "newest" } }, ...(terms === undefined ? [] : conjuncts(terms))],
  };
}

function checkLines(index: string, filter: readonly object[]): string {
  const body = {
    size: fragmentsPerCheck,
    track_total_hits: false,
    query: { bool: { filter } },
    sort: [{ newest: "desc" }],
    _source: true,
  };
  return `${JSON.stringify({ index, allow_partial_search_results: false })}\n${JSON.stringify(body)}\n`;
}
