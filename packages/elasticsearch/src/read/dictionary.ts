import { createHash } from "node:crypto";
import { SpanStoreError } from "@spanstore/core";
import { createSeenSet } from "@spanstore/core/engine";
import { parseGroups, spansOf } from "@spanstore/core/otlp";
import type { Client } from "../connection/client.js";
import { failureOf } from "../connection/errors.js";
import type { Hit } from "../terms/paging.js";
import type { NewDocument } from "./documents.js";
import { type Dictionary, dictionaryIdOf } from "./pack.js";

/**
 * Dictionaries for the compression of fragments: spans of all operations seen so far, so that a fragment of few spans is as
 * small as one of many. A dictionary never changes; a server makes one when there is none, or none of today.
 *
 * The control index keeps it, and every index whose documents need it keeps a copy.
 */
export interface Dictionaries {
  /** The dictionary to compress with now. Learns from the fragments, which are about to be written. */
  readonly current: (fragments: readonly { readonly encoded: Uint8Array }[]) => Dictionary | undefined;
  /** The documents that a write with the dictionary has to bring along. */
  readonly documentsOf: (
    dictionary: Dictionary,
    indices: Iterable<string>,
    generation: number,
  ) => NewDocument[];
  readonly learned: (documents: readonly NewDocument[], generation: number) => void;
  /** Copies in these indices may be gone. */
  readonly forget: (indices: readonly string[]) => void;
  /** Loads the dictionaries that these hits need. */
  readonly prepare: (
    hits: readonly Hit<{ readonly encoded: string }>[],
    signal?: AbortSignal,
  ) => Promise<void>;
  readonly of: (id: string) => Dictionary | undefined;
  /** Resolves when no dictionary is being made. */
  readonly settled: () => Promise<void>;
}

interface Pointer {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly made: number;
}

interface Found<T> {
  readonly _source?: T;
  readonly _seq_no?: number;
  readonly _primary_term?: number;
}

/** Deflate looks no further back than 32 KiB, and a larger dictionary costs more than it saves. */
const mostBytes = 12 * 1024;
const mostPieceBytes = 768;
/** After so many spans nearly all operations were seen. */
const sampledSpans = 2_000;
const maxAgeMillis = 24 * 3_600_000;
const maxKept = 512;
const maxCopied = 10_000;
const pointerId = "dictionary";
/** After a failure the server pauses, then tries again with the spans written then. */
const pauseMillis = 10_000;

export interface DictionaryParts {
  readonly client: Client;
  /** The control index. */
  readonly control: string;
  /** The number of spans from which a dictionary is made. */
  readonly sample?: number;
}

export function createDictionaries({
  client,
  control,
  sample = sampledSpans,
}: DictionaryParts): Dictionaries {
  const kept = new Map<string, Dictionary>();
  let current: (Dictionary & { readonly made: number }) | undefined;
  let asked = false;
  let notBefore = 0;
  let sampler = createSampler();
  let making: Promise<void> = Promise.resolve();
  /** Indices that have the copy, of the dictionary in use. */
  const copied = createSeenSet<string>(maxCopied);

  const keep = (dictionary: Dictionary): Dictionary => {
    if (kept.size >= maxKept) kept.delete(kept.keys().next().value as string);
    kept.set(dictionary.id, dictionary);
    return dictionary;
  };

  const get = async <T>(index: string, id: string, signal?: AbortSignal): Promise<Found<T>> => {
    try {
      return await client.request(
        { method: "GET", path: `/${index}/_doc/${id}` },
        { signal, expects: ["refused", "no index"] },
      );
    } catch (error) {
      const failure = failureOf(error);
      if (failure === "refused" || failure === "no index") return {};
      throw error;
    }
  };

  const load = async (id: string, index: string | undefined, signal?: AbortSignal): Promise<Dictionary> => {
    const known = kept.get(id);
    if (known !== undefined) return known;
    const { _source: own } = await get<{ dictionary: string }>(control, `dictionary-${id}`, signal);
    const { _source: copy } =
      own || index === undefined ? {} : await get<{ dictionary: string }>(index, copyId(id), signal);
    const text = (own ?? copy)?.dictionary;
    if (text === undefined) {
      throw new SpanStoreError("CORRUPT", `the dictionary ${id}, which spans were compressed with, is gone`, {
        hint: `restore the index ${control}`,
      });
    }
    return keep({ id, bytes: Buffer.from(text, "base64") });
  };

  const use = async ({ id, made }: Pointer): Promise<void> => {
    const { bytes } = await load(id, undefined);
    copied.forget(() => true);
    current = { id, bytes, made };
  };

  /** Takes the one that others use, or makes one when there is none of today. */
  const renew = async (bytes: Buffer | undefined): Promise<void> => {
    const { _source: pointer, _seq_no, _primary_term } = await get<Pointer>(control, pointerId);
    if (pointer !== undefined && (bytes === undefined || Date.now() - pointer.made < maxAgeMillis))
      return use(pointer);
    if (bytes === undefined) return;
    const id = createHash("sha256").update(bytes).digest().toString("base64url", 0, 6);
    const put = (document: string, query: Record<string, string | number>, body: object): Promise<unknown> =>
      client.request(
        { method: "PUT", path: `/${control}/_doc/${document}`, query, body },
        { expects: ["conflict"] },
      );
    await put(`dictionary-${id}`, {}, { dictionary: bytes.toString("base64") });
    const next: Pointer = { id, made: Date.now() };
    try {
      const expected =
        _seq_no === undefined || _primary_term === undefined
          ? { op_type: "create" }
          : { if_seq_no: _seq_no, if_primary_term: _primary_term };
      await put(pointerId, expected, next);
    } catch (error) {
      if (failureOf(error) !== "conflict") throw error;
      // Another server was first, and its dictionary is as good.
      return renew(undefined);
    }
    keep({ id, bytes });
    await use(next);
  };

  const inBackground = (bytes: Buffer | undefined): void => {
    notBefore = Number.POSITIVE_INFINITY;
    making = renew(bytes).then(
      () => {
        notBefore = 0;
      },
      () => {
        notBefore = Date.now() + pauseMillis;
      },
    );
  };

  const learn = (fragments: readonly { readonly encoded: Uint8Array }[]): void => {
    if (current !== undefined && Date.now() - current.made < maxAgeMillis) return;
    if (Date.now() < notBefore) return;
    if (!asked) {
      asked = true;
      inBackground(undefined);
      return;
    }
    for (const { encoded } of fragments) sampler.add(encoded);
    if (sampler.spans() < sample) return;
    inBackground(sampler.bytes());
    sampler = createSampler();
  };

  return {
    current: (fragments) => {
      learn(fragments);
      return current;
    },
    documentsOf: ({ id, bytes }, indices, generation) => {
      return [...new Set(indices)]
        .filter((index) => copied.get(`${index} ${copyId(id)}`, generation) === undefined)
        .map((index) => ({
          index,
          id: copyId(id),
          op: "create",
          kind: "dictionary",
          json: JSON.stringify({ dictionary: bytes.toString("base64") }),
        }));
    },
    learned: (documents, generation) =>
      copied.confirm(
        documents.map(({ index, id }) => [`${index} ${id}`, index] as const),
        generation,
      ),
    forget: (indices) => {
      copied.forget((index) => indices.includes(index));
    },
    prepare: async (hits, signal) => {
      for (const { _index, _source } of hits) {
        const id = _source === undefined ? undefined : dictionaryIdOf(_source.encoded);
        if (id !== undefined && !kept.has(id)) await load(id, _index, signal);
      }
    },
    of: (id) => kept.get(id),
    settled: () => making,
  };
}

function copyId(id: string): string {
  return `d${id}`;
}

/** Collects a span of every operation, and every resource. */
interface Sampler {
  readonly add: (encoded: Uint8Array) => void;
  readonly spans: () => number;
  readonly bytes: () => Buffer;
}

function createSampler(): Sampler {
  const pieces = new Map<string, Uint8Array>();
  let size = 0;
  let spans = 0;

  const addPiece = (key: string, bytes: Uint8Array): void => {
    if (pieces.has(key) || size >= mostBytes) return;
    const piece = bytes.slice(0, mostPieceBytes);
    pieces.set(key, piece);
    size += piece.length;
  };

  return {
    add: (encoded) => {
      for (const { resource, name, head } of spansOf(encoded)) {
        spans++;
        addPiece(
          `${resource.serviceName.length} ${resource.serviceName}${name}`,
          encoded.subarray(head.start, head.end),
        );
      }
      for (const { resource } of parseGroups(encoded)) {
        addPiece(`r${Buffer.from(resource.encoded).toString("latin1")}`, resource.encoded);
      }
    },
    spans: () => spans,
    bytes: () => Buffer.concat([...pieces.values()]),
  };
}
