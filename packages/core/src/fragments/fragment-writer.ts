import type { SpanGroup } from "../otlp/groups.js";
import { varintSize, writeVarint } from "../otlp/wire.js";

const resourceSpansTag = 0x0a;
const scopeSpansTag = 0x12;
const spanTag = 0x12;

/** The spans that a fragment takes from one group. */
interface Part {
  readonly group: SpanGroup;
  /** Ranges of Span messages, in pairs. */
  readonly spans: number[];
}

/**
 * Collects spans, group after group, and writes them as one TracesData without decoding: it copies the original bytes of
 * resources, scopes and spans, including unknown fields.
 */
export class FragmentWriter {
  readonly #parts: Part[] = [];
  #last: Part | undefined;
  spanCount = 0;
  /** Bytes of the spans alone. */
  spanBytes = 0;

  /** @returns whether the span begins a new part, so that the terms of its group must be added. */
  add(group: SpanGroup, start: number, end: number): boolean {
    let part = this.#last;
    const first = part?.group !== group;
    if (part === undefined || first) {
      part = { group, spans: [] };
      this.#parts.push(part);
      this.#last = part;
    }
    part.spans.push(start, end);
    this.spanCount++;
    this.spanBytes += end - start;
    return first;
  }

  encode(): Uint8Array {
    const scopeSizes = this.#parts.map(scopeSize);
    const resourceSizes: number[] = [];
    let total = 0;
    for (let i = 0; i < this.#parts.length; ) {
      const next = this.#resourceEnd(i);
      let size = rawSize((this.#parts[i] as Part).group.resource.raw);
      for (let k = i; k < next; k++) size += fieldSize(scopeSizes[k] as number);
      resourceSizes.push(size);
      total += fieldSize(size);
      i = next;
    }
    const out = new Uint8Array(total);
    let at = 0;
    let resourceIndex = 0;
    for (let i = 0; i < this.#parts.length; ) {
      const next = this.#resourceEnd(i);
      const { bytes, resource } = (this.#parts[i] as Part).group;
      at = writeTag(out, at, resourceSpansTag, resourceSizes[resourceIndex++] as number);
      at = copyRanges(out, at, bytes, resource.raw);
      for (let k = i; k < next; k++)
        at = writeScope(out, at, this.#parts[k] as Part, scopeSizes[k] as number);
      i = next;
    }
    return out;
  }

  /** The index of the first part after `from` that belongs to another ResourceSpans. */
  #resourceEnd(from: number): number {
    const { resource } = (this.#parts[from] as Part).group;
    let next = from + 1;
    while (this.#parts[next]?.group.resource === resource) next++;
    return next;
  }
}

function scopeSize(part: Part): number {
  let size = rawSize(part.group.scope.raw);
  for (let i = 0; i < part.spans.length; i += 2) {
    size += fieldSize((part.spans[i + 1] as number) - (part.spans[i] as number));
  }
  return size;
}

function writeScope(out: Uint8Array, start: number, part: Part, size: number): number {
  const { bytes, scope } = part.group;
  let at = writeTag(out, start, scopeSpansTag, size);
  at = copyRanges(out, at, bytes, scope.raw);
  for (let i = 0; i < part.spans.length; i += 2) {
    const from = part.spans[i] as number;
    const to = part.spans[i + 1] as number;
    at = writeTag(out, at, spanTag, to - from);
    out.set(bytes.subarray(from, to), at);
    at += to - from;
  }
  return at;
}

function fieldSize(length: number): number {
  return 1 + varintSize(length) + length;
}

function rawSize(ranges: readonly number[]): number {
  let size = 0;
  for (let i = 0; i < ranges.length; i += 2) size += (ranges[i + 1] as number) - (ranges[i] as number);
  return size;
}

function writeTag(out: Uint8Array, at: number, tag: number, length: number): number {
  out[at] = tag;
  return writeVarint(out, at + 1, length);
}

function copyRanges(out: Uint8Array, start: number, bytes: Uint8Array, ranges: readonly number[]): number {
  let at = start;
  for (let i = 0; i < ranges.length; i += 2) {
    out.set(bytes.subarray(ranges[i], ranges[i + 1]), at);
    at += (ranges[i + 1] as number) - (ranges[i] as number);
  }
  return at;
}
