import { isSpanStoreError, SpanStoreError } from "../errors/errors.js";
import { parseGroups, type SpanGroup } from "../otlp/groups.js";
import { joinBytes } from "../otlp/own-bytes.js";
import { SpanHead } from "../otlp/span-head.js";
import { ResourceView, ScopeView } from "../otlp/span-view.js";
import { readUint32 } from "../otlp/wire.js";
import { addMessageAttributeTerms, addSpanTerms } from "../terms/span-terms.js";
import { termOf, termSeeds } from "../terms/term.js";
import { TermList, TermSet } from "../terms/term-list.js";
import { FragmentWriter } from "./fragment-writer.js";
import { OperationCollector, type SeenOperation } from "./operations.js";
import type { RejectedSpan } from "./rejected-span.js";

/** A fragment that has reached this size takes no more spans, so that batches of fragments stay bounded. */
const maxFragmentSpanBytes = 64 * 1024;

export interface SplitOptions {
  /**
   * Time is divided into windows of this many milliseconds, and a fragment holds spans that start in one window, give or take
   * a millisecond. For engines that key fragments by time. Default: no windows.
   */
  readonly maxExtentMillis?: number;
}

/** A fragment, with the facts that an engine may index. */
export interface TraceFragment {
  /** 16 bytes. */
  readonly traceId: Uint8Array;
  readonly encoded: Uint8Array;
  readonly spanCount: number;
  readonly oldestStartUnixNano: bigint;
  readonly newestStartUnixNano: bigint;
  /** The terms of all its spans. */
  readonly terms: TermSet;
}

export interface Split {
  readonly fragments: readonly TraceFragment[];
  /** Each distinct (service, name, kind) of the request, with its newest start. */
  readonly operations: readonly SeenOperation[];
  readonly spanCount: number;
  readonly rejected: readonly RejectedSpan[];
}

/**
 * Splits an encoded TracesData (or ExportTraceServiceRequest) into fragments, in one walk over the bytes: the spans of one
 * trace, in more than one fragment when they are large or far apart in time. Rejects each span that no read could return
 * (ids of a wrong length, malformed parts) and keeps the others.
 * @throws INVALID_TRACES when the bytes around the spans are not OTLP.
 */
export function splitByTrace(encoded: Uint8Array, options: SplitOptions = {}): Split {
  const splitter = new Splitter(options.maxExtentMillis ?? Number.POSITIVE_INFINITY);
  for (const group of parseGroups(encoded)) if (group.spans.length > 0) splitter.addGroup(group);
  return splitter.finish();
}

class Splitter {
  readonly #maxExtentMillis: number;
  readonly #open = new Map<string, Builder>();
  readonly #fragments: TraceFragment[] = [];
  readonly #rejected: RejectedSpan[] = [];
  readonly #operations = new OperationCollector();
  readonly #head = new SpanHead();
  readonly #spanTerms = new TermList();
  #spanCount = 0;
  #lastKey = "";
  #lastBuilder: Builder | undefined;

  constructor(maxExtentMillis: number) {
    this.#maxExtentMillis = maxExtentMillis;
  }

  addGroup(group: SpanGroup): void {
    const context = describe(group);
    for (let i = 0; i < group.spans.length; i += 2) {
      const start = group.spans[i] as number;
      const end = group.spans[i + 1] as number;
      const reason = context.malformed ?? this.#read(group.bytes, start, end, context);
      if (reason !== undefined) {
        this.#rejected.push({ encoded: joinBytes(group.bytes.subarray(start, end)), reason });
        continue;
      }
      const builder = this.#builderFor(this.#head);
      if (builder.writer.add(group, start, end)) builder.terms.addAll(context.terms);
      builder.terms.addAll(this.#spanTerms);
      builder.noteStart(this.#head);
      this.#operations.add(context.service, this.#head);
      this.#spanCount++;
      if (builder.writer.spanBytes >= maxFragmentSpanBytes) this.#close(builder);
    }
  }

  finish(): Split {
    for (const builder of this.#open.values()) this.#fragments.push(builder.finish());
    return {
      fragments: this.#fragments,
      operations: this.#operations.all(),
      spanCount: this.#spanCount,
      rejected: this.#rejected,
    };
  }

  /** Reads a span into the head and the term list. @returns why it is rejected; undefined when it is kept. */
  #read(bytes: Uint8Array, start: number, end: number, context: GroupTerms): string | undefined {
    const head = this.#head;
    this.#spanTerms.length = 0;
    try {
      head.scan(bytes, start, end);
      const reason = idProblem(head);
      if (reason !== undefined) return reason;
      addSpanTerms(this.#spanTerms, head, context.serviceBytes);
    } catch (error) {
      return reasonOf(error);
    }
    return undefined;
  }

  #builderFor(head: SpanHead): Builder {
    const { bytes, traceIdAt } = head;
    let key = Buffer.from(bytes.buffer, bytes.byteOffset + traceIdAt, 16).toString("latin1");
    if (this.#maxExtentMillis !== Number.POSITIVE_INFINITY) {
      key += Math.floor(startMillis(head) / this.#maxExtentMillis);
    }
    if (key === this.#lastKey && this.#lastBuilder !== undefined) return this.#lastBuilder;
    let builder = this.#open.get(key);
    if (builder === undefined) {
      builder = new Builder(key, joinBytes(bytes.subarray(traceIdAt, traceIdAt + 16)));
      this.#open.set(key, builder);
    }
    this.#lastKey = key;
    this.#lastBuilder = builder;
    return builder;
  }

  #close(builder: Builder): void {
    this.#fragments.push(builder.finish());
    this.#open.delete(builder.key);
    this.#lastBuilder = undefined;
  }
}

class Builder {
  readonly key: string;
  readonly traceId: Uint8Array;
  readonly writer = new FragmentWriter();
  readonly terms = new TermSet();
  #newestHigh = -1;
  #newestLow = 0;
  #oldestHigh = 0x100000000;
  #oldestLow = 0;

  constructor(key: string, traceId: Uint8Array) {
    this.key = key;
    this.traceId = traceId;
  }

  /** Compares times as two words: a bigint for each span would cost more than everything else here. */
  noteStart(head: SpanHead): void {
    const at = head.startTimeAt;
    const low = at < 0 ? 0 : readUint32(head.bytes, at);
    const high = at < 0 ? 0 : readUint32(head.bytes, at + 4);
    if (high > this.#newestHigh || (high === this.#newestHigh && low > this.#newestLow)) {
      this.#newestHigh = high;
      this.#newestLow = low;
    }
    if (high < this.#oldestHigh || (high === this.#oldestHigh && low < this.#oldestLow)) {
      this.#oldestHigh = high;
      this.#oldestLow = low;
    }
  }

  finish(): TraceFragment {
    return {
      traceId: this.traceId,
      encoded: this.writer.encode(),
      spanCount: this.writer.spanCount,
      oldestStartUnixNano: (BigInt(this.#oldestHigh) << 32n) | BigInt(this.#oldestLow),
      newestStartUnixNano: (BigInt(this.#newestHigh) << 32n) | BigInt(this.#newestLow),
      terms: this.terms,
    };
  }
}

interface GroupTerms {
  readonly service: string;
  readonly serviceBytes: Uint8Array;
  readonly terms: TermList;
  /** Why all spans of the group are rejected. */
  readonly malformed?: string;
}

function describe(group: SpanGroup): GroupTerms {
  const terms = new TermList();
  try {
    const resource = new ResourceView(group.resource.encoded, group.resource.schemaUrl);
    const scope = new ScopeView(group.scope.encoded, group.scope.schemaUrl);
    addMessageAttributeTerms(terms, termSeeds.resource, group.resource.encoded, 1);
    addMessageAttributeTerms(terms, termSeeds.scope, group.scope.encoded, 3);
    terms.push(termOf.scopeName(scope.name));
    terms.push(termOf.scopeVersion(scope.version));
    const service = resource.serviceName;
    return { service, serviceBytes: Buffer.from(service, "utf8"), terms };
  } catch (error) {
    return { service: "", serviceBytes: new Uint8Array(0), terms, malformed: reasonOf(error) };
  }
}

function idProblem(head: SpanHead): string | undefined {
  const traceIdLength = head.traceIdEnd - head.traceIdAt;
  if (traceIdLength !== 16) return `a trace id of ${traceIdLength} bytes instead of 16`;
  const spanIdLength = head.spanIdEnd - head.spanIdAt;
  if (spanIdLength !== 8) return `a span id of ${spanIdLength} bytes instead of 8`;
  // OTLP calls ids of zeros invalid: a library sends them when it has no id.
  if (isZero(head.bytes, head.traceIdAt, head.traceIdEnd)) return "a trace id of zeros";
  if (isZero(head.bytes, head.spanIdAt, head.spanIdEnd)) return "a span id of zeros";
  const parentLength = head.parentEnd - head.parentAt;
  if (parentLength !== 0 && parentLength !== 8)
    return `a parent span id of ${parentLength} bytes instead of 8`;
  return undefined;
}

function isZero(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at] !== 0) return false;
  return true;
}

function reasonOf(error: unknown): string {
  if (isSpanStoreError(error)) return error.message;
  throw new SpanStoreError("INTERNAL", "a span could not be read", { cause: error });
}

/** The start in milliseconds. The rounding of a double moves it by less than one. */
function startMillis(head: SpanHead): number {
  const at = head.startTimeAt;
  return at < 0 ? 0 : (readUint32(head.bytes, at + 4) * 4294967296 + readUint32(head.bytes, at)) / 1e6;
}
