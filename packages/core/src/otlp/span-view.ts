import type { AnyValue, KeyValue } from "../model/any-value.js";
import type { SpanEvent, SpanLink } from "../model/trace.js";
import type { AttributeLookup } from "./attribute-lookup.js";
import { decodeEvent, decodeLink } from "./decode-parts.js";
import { serviceNameOf } from "./service-name.js";
import { type SpanHead, timeOf } from "./span-head.js";
import { decodeKeyValue } from "./values.js";
import { Cursor, expectWireType, readHex, readText, wireBytes } from "./wire.js";

/** Decodes the fields of a resource lazily. All its spans share one view. */
export class ResourceView {
  readonly schemaUrl: string;
  readonly #encoded: Uint8Array;
  #attributes: readonly KeyValue[] | undefined;
  #serviceName: string | undefined;

  /** @param encoded the Resource message; empty when there is none. */
  constructor(encoded: Uint8Array, schemaUrl: string) {
    this.#encoded = encoded;
    this.schemaUrl = schemaUrl;
  }

  get attributes(): readonly KeyValue[] {
    this.#attributes ??= attributesOf(this.#encoded, 1);
    return this.#attributes;
  }

  /** The first `service.name`; empty unless it is a string. */
  get serviceName(): string {
    this.#serviceName ??= serviceNameOf(this.#encoded);
    return this.#serviceName;
  }
}

/** The fields of an instrumentation scope. Decodes attributes lazily. */
export class ScopeView {
  readonly schemaUrl: string;
  readonly name: string;
  readonly version: string;
  readonly #encoded: Uint8Array;
  #attributes: readonly KeyValue[] | undefined;

  /** @param encoded the InstrumentationScope message; empty when there is none. */
  constructor(encoded: Uint8Array, schemaUrl: string) {
    this.#encoded = encoded;
    this.schemaUrl = schemaUrl;
    let name = "";
    let version = "";
    const cursor = new Cursor(encoded);
    while (cursor.pos < cursor.end) {
      const tag = cursor.tag();
      const field = tag >>> 3;
      if (field === 1 || field === 2) {
        expectWireType(tag, wireBytes, "InstrumentationScope");
        const end = cursor.lengthEnd();
        const text = readText(encoded, cursor.pos, end);
        if (field === 1) name = text;
        else version = text;
        cursor.pos = end;
      } else {
        cursor.skip(tag);
      }
    }
    this.name = name;
    this.version = version;
  }

  get attributes(): readonly KeyValue[] {
    this.#attributes ??= attributesOf(this.#encoded, 3);
    return this.#attributes;
  }
}

function attributesOf(encoded: Uint8Array, field: number): readonly KeyValue[] {
  const attributes: KeyValue[] = [];
  const cursor = new Cursor(encoded);
  while (cursor.pos < cursor.end) {
    const tag = cursor.tag();
    if (tag >>> 3 === field) {
      expectWireType(tag, wireBytes, "attributes");
      const end = cursor.lengthEnd();
      attributes.push(decodeKeyValue(new Cursor(encoded, cursor.pos, end)));
      cursor.pos = end;
    } else {
      cursor.skip(tag);
    }
  }
  return attributes;
}

/**
 * One span in its encoded bytes. Decodes strings, attributes, events and links lazily.
 */
export class SpanView {
  readonly resource: ResourceView;
  readonly scope: ScopeView;
  readonly head: SpanHead;
  #startTime: bigint | undefined;
  #endTime: bigint | undefined;
  #name: string | undefined;
  #attributes: readonly KeyValue[] | undefined;
  #events: readonly SpanEvent[] | undefined;
  #links: readonly SpanLink[] | undefined;

  constructor(head: SpanHead, resource: ResourceView, scope: ScopeView) {
    this.head = head;
    this.resource = resource;
    this.scope = scope;
  }

  get traceId(): string {
    return readHex(this.head.bytes, this.head.traceIdAt, this.head.traceIdEnd);
  }
  get spanId(): string {
    return readHex(this.head.bytes, this.head.spanIdAt, this.head.spanIdEnd);
  }
  /** Empty for a span without a parent, or with a parent id of all zeros. */
  get parentSpanId(): string {
    const { bytes, parentAt, parentEnd } = this.head;
    for (let at = parentAt; at < parentEnd; at++) {
      if (bytes[at] !== 0) return readHex(bytes, parentAt, parentEnd);
    }
    return "";
  }
  get traceState(): string {
    return readText(this.head.bytes, this.head.traceStateAt, this.head.traceStateEnd);
  }
  get name(): string {
    this.#name ??= readText(this.head.bytes, this.head.nameAt, this.head.nameEnd);
    return this.#name;
  }
  /** OTLP's enum number. */
  get kind(): number {
    return this.head.kind;
  }
  get statusCode(): number {
    return this.head.statusCode;
  }
  get statusMessage(): string {
    return readText(this.head.bytes, this.head.messageAt, this.head.messageEnd);
  }
  get startTimeUnixNano(): bigint {
    this.#startTime ??= timeOf(this.head.bytes, this.head.startTimeAt);
    return this.#startTime;
  }
  get endTimeUnixNano(): bigint {
    this.#endTime ??= timeOf(this.head.bytes, this.head.endTimeAt);
    return this.#endTime;
  }
  /** End minus start; negative when the span ends before it starts. */
  get durationNano(): bigint {
    return this.endTimeUnixNano - this.startTimeUnixNano;
  }
  get attributes(): readonly KeyValue[] {
    this.#attributes ??= decodeRanges(this.head.bytes, this.head.attributes, decodeKeyValue);
    return this.#attributes;
  }
  /** The value of one attribute; decodes no other. */
  attribute(lookup: AttributeLookup): AnyValue | undefined {
    return lookup(this.head.bytes, this.head.attributes);
  }
  get events(): readonly SpanEvent[] {
    this.#events ??= decodeRanges(this.head.bytes, this.head.events, decodeEvent);
    return this.#events;
  }
  get links(): readonly SpanLink[] {
    this.#links ??= decodeRanges(this.head.bytes, this.head.links, decodeLink);
    return this.#links;
  }
}

function decodeRanges<T>(bytes: Uint8Array, ranges: readonly number[], decode: (cursor: Cursor) => T): T[] {
  const values: T[] = [];
  for (let i = 0; i < ranges.length; i += 2) {
    values.push(decode(new Cursor(bytes, ranges[i], ranges[i + 1])));
  }
  return values;
}
