import { SpanHead } from "./span-head.js";
import { ResourceView, ScopeView, SpanView } from "./span-view.js";
import { Cursor, expectWireType, oldScopeSpansTag, readText, wireBytes } from "./wire.js";

/** The spans of one scope of one resource, as ranges of the encoded bytes. */
export interface SpanGroup {
  readonly bytes: Uint8Array;
  readonly resource: ResourceContext;
  readonly scope: ScopeContext;
  /** Ranges of the Span messages, in pairs. */
  readonly spans: readonly number[];
}

/** The resource or scope of a ResourceSpans or ScopeSpans message. */
interface Context {
  /** Every field except the spans, with tags and including unknown ones, as pairs of start and end. */
  readonly raw: readonly number[];
  /** The Resource or InstrumentationScope message; empty when there is none. */
  readonly encoded: Uint8Array;
  readonly schemaUrl: string;
}

export type ResourceContext = Context;
export type ScopeContext = Context;

const noBytes = new Uint8Array(0);

/**
 * Splits an encoded TracesData (or ExportTraceServiceRequest) into its groups of spans, in order. A group may be empty. Does not
 * parse the spans.
 * @throws INVALID_TRACES when the bytes are no OTLP.
 */
export function parseGroups(encoded: Uint8Array): SpanGroup[] {
  const groups: SpanGroup[] = [];
  const traces = new Cursor(encoded);
  while (traces.pos < traces.end) {
    const tag = traces.tag();
    if (tag >>> 3 !== 1) {
      traces.skip(tag);
      continue;
    }
    expectWireType(tag, wireBytes, "resource_spans");
    const end = traces.lengthEnd();
    const { context: resource, children: scopes } = parseContext(encoded, traces.pos, end, "ResourceSpans");
    for (let i = 0; i < scopes.length; i += 2) {
      const from = scopes[i] as number;
      const { context: scope, children: spans } = parseContext(
        encoded,
        from,
        scopes[i + 1] as number,
        "ScopeSpans",
      );
      groups.push({ bytes: encoded, resource, scope, spans });
    }
    traces.pos = end;
  }
  return groups;
}

/** ResourceSpans and ScopeSpans have the same shape: 1 the context, 2 the children, 3 the schema URL. */
function parseContext(
  bytes: Uint8Array,
  start: number,
  end: number,
  message: string,
): { context: Context; children: number[] } {
  const raw: number[] = [];
  const children: number[] = [];
  /** The fields of children under the old name, with tags. */
  const oldFields: number[] = [];
  const oldChildren: number[] = [];
  let encoded: Uint8Array = noBytes;
  let schemaUrl = "";
  const cursor = new Cursor(bytes, start, end);
  while (cursor.pos < end) {
    const fieldAt = cursor.pos;
    const tag = cursor.tag();
    const field = tag >>> 3;
    if (field >= 1 && field <= 3) {
      expectWireType(tag, wireBytes, message);
      const fieldEnd = cursor.lengthEnd();
      if (field === 2) {
        children.push(cursor.pos, fieldEnd);
      } else if (field === 1) {
        encoded = bytes.subarray(cursor.pos, fieldEnd);
      } else {
        schemaUrl = readText(bytes, cursor.pos, fieldEnd);
      }
      cursor.pos = fieldEnd;
    } else if (tag === oldScopeSpansTag && message === "ResourceSpans") {
      const fieldEnd = cursor.lengthEnd();
      oldChildren.push(cursor.pos, fieldEnd);
      oldFields.push(fieldAt, fieldEnd);
      cursor.pos = fieldEnd;
      continue;
    } else {
      cursor.skip(tag);
    }
    if (field !== 2) raw.push(fieldAt, cursor.pos);
  }
  if (children.length === 0) return { context: { raw, encoded, schemaUrl }, children: oldChildren };
  return { context: { raw: [...raw, ...oldFields], encoded, schemaUrl }, children };
}

/**
 * The spans of an encoded TracesData, in order.
 * @throws INVALID_TRACES when the bytes are no OTLP.
 */
export function* spansOf(encoded: Uint8Array): Generator<SpanView, void, undefined> {
  for (const [group, resource] of withResources(encoded)) {
    const scope = new ScopeView(group.scope.encoded, group.scope.schemaUrl);
    for (let i = 0; i < group.spans.length; i += 2) {
      const head = new SpanHead();
      head.scan(encoded, group.spans[i] as number, group.spans[i + 1] as number);
      yield new SpanView(head, resource, scope);
    }
  }
}

/**
 * Visits the spans of an encoded TracesData. A view is valid until the next one.
 * @param hasChance receives the first span of each group; false skips the whole group.
 * @throws INVALID_TRACES when the bytes are no OTLP.
 */
export function visitSpans(
  encoded: Uint8Array,
  hasChance: (span: SpanView) => boolean,
  visit: (span: SpanView) => void,
): void {
  const head = new SpanHead();
  for (const [group, resource] of withResources(encoded)) {
    const scope = new ScopeView(group.scope.encoded, group.scope.schemaUrl);
    for (let i = 0; i < group.spans.length; i += 2) {
      head.scan(encoded, group.spans[i] as number, group.spans[i + 1] as number);
      const span = new SpanView(head, resource, scope);
      if (i === 0 && !hasChance(span)) break;
      visit(span);
    }
  }
}

/** The groups of an encoded TracesData, with one view per resource. */
function withResources(encoded: Uint8Array): [SpanGroup, ResourceView][] {
  let context: Context | undefined;
  let view: ResourceView | undefined;
  return parseGroups(encoded).map((group) => {
    if (group.resource !== context || view === undefined) {
      context = group.resource;
      view = new ResourceView(context.encoded, context.schemaUrl);
    }
    return [group, view];
  });
}
