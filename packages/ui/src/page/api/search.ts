import { askJson } from "./client.js";

export interface ServiceSummary {
  readonly name: string;
  readonly spanCount: number;
  readonly errorSpanCount: number;
}

export interface TraceSummary {
  readonly traceId: string;
  readonly rootServiceName: string;
  readonly rootOperationName: string;
  readonly minStartTimeUnixNano: bigint;
  readonly maxEndTimeUnixNano: bigint;
  readonly spanCount: number;
  readonly errorSpanCount: number;
  readonly orphanSpanCount: number;
  readonly services: readonly ServiceSummary[];
}

/** A time range in milliseconds since 1970. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

export interface PageOf<T> {
  readonly items: readonly T[];
  readonly nextPageToken: string | undefined;
}

interface SummaryJson extends Omit<TraceSummary, "minStartTimeUnixNano" | "maxEndTimeUnixNano"> {
  readonly minStartTimeUnixNano: string;
  readonly maxEndTimeUnixNano: string;
}

const pageSize = 60;

export async function searchTraces(
  q: string,
  range: Range,
  pageToken: string | undefined,
  signal: AbortSignal,
): Promise<PageOf<TraceSummary>> {
  const params = {
    "query.startTimeMin": instant(range.from),
    "query.startTimeMax": instant(range.to),
    q,
    pageSize,
    pageToken,
  };
  const json = await askJson<{ summaries: SummaryJson[]; nextPageToken?: string }>("api/v3/trace-summaries", {
    params,
    signal,
  });
  const items = json.summaries.map((summary) => ({
    ...summary,
    minStartTimeUnixNano: BigInt(summary.minStartTimeUnixNano),
    maxEndTimeUnixNano: BigInt(summary.maxEndTimeUnixNano),
  }));
  return { items, nextPageToken: json.nextPageToken };
}

export interface SpanOrder {
  readonly field: "startTime" | "duration";
  readonly direction: "asc" | "desc";
}

/** A value of an attribute in OTLP's JSON. */
export type JsonValue = Readonly<Record<string, unknown>>;

export interface FoundSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly service: string;
  readonly name: string;
  readonly kind: number;
  readonly isError: boolean;
  readonly startTimeUnixNano: bigint;
  readonly endTimeUnixNano: bigint;
  /** The attributes of the span, then those of its resource. */
  readonly attributes: ReadonlyMap<string, JsonValue>;
}

interface KeyValueJson {
  readonly key: string;
  readonly value?: JsonValue;
}

interface SpanJson {
  readonly traceId: string;
  readonly spanId: string;
  readonly name?: string;
  readonly kind?: number;
  readonly startTimeUnixNano?: string;
  readonly endTimeUnixNano?: string;
  readonly attributes?: readonly KeyValueJson[];
  readonly status?: { readonly code?: number };
}

/** Spans of a resource in OTLP's JSON. */
export interface ResourceSpansJson {
  readonly resource?: { readonly attributes?: readonly KeyValueJson[] };
  readonly scopeSpans?: readonly { readonly spans?: readonly SpanJson[] }[];
}

interface SpansJson {
  readonly result: { readonly resourceSpans: readonly ResourceSpansJson[] };
  readonly nextPageToken?: string;
}

export interface SpanSearch {
  readonly q: string;
  /** Undefined: all times. */
  readonly range?: Range | undefined;
  readonly order?: SpanOrder | undefined;
  readonly pageToken?: string | undefined;
  readonly pageSize?: number;
}

/** Searches for spans, without the rest of their traces. */
export async function searchSpans(
  { q, range, order, pageToken, pageSize: size = 100 }: SpanSearch,
  signal: AbortSignal,
): Promise<PageOf<FoundSpan>> {
  const body = {
    q: q === "" ? "{}" : q,
    ...(range === undefined ? {} : { startTimeMin: instant(range.from), startTimeMax: instant(range.to) }),
    pageSize: size,
    ...(pageToken === undefined ? {} : { pageToken }),
    ...(order === undefined ? {} : { orderBy: [order] }),
  };
  const json = await askJson<SpansJson>("api/v3/spans", { body, signal });
  return { items: spansOfJson(json.result.resourceSpans), nextPageToken: json.nextPageToken };
}

export function spansOfJson(resourceSpans: readonly ResourceSpansJson[]): readonly FoundSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans = [] }) =>
    scopeSpans.flatMap(({ spans = [] }) => spans.map((span) => foundSpan(span, resource?.attributes ?? []))),
  );
}

function foundSpan(span: SpanJson, ofResource: readonly KeyValueJson[]): FoundSpan {
  const attributes = new Map<string, JsonValue>();
  for (const { key, value = {} } of [...(span.attributes ?? []), ...ofResource]) {
    if (!attributes.has(key)) attributes.set(key, value);
  }
  const service = ofResource.find(({ key }) => key === "service.name")?.value?.stringValue;
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    service: typeof service === "string" ? service : "",
    name: span.name ?? "",
    kind: span.kind ?? 0,
    isError: span.status?.code === 2,
    startTimeUnixNano: BigInt(span.startTimeUnixNano ?? 0),
    endTimeUnixNano: BigInt(span.endTimeUnixNano ?? 0),
    attributes,
  };
}

function instant(millis: number): string {
  return new Date(millis).toISOString();
}
