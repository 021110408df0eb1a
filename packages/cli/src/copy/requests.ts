import { FragmentWriter, type SpanGroup } from "@spanstore/core/otlp";
import type { PlacedSpan } from "./content.js";

/** The most bytes in one request. */
const maxRequestBytes = 1024 * 1024;

/** A request to write, and how many spans are in it. */
export interface WriteRequest {
  readonly encoded: Uint8Array;
  readonly spanCount: number;
}

/**
 * Arranges the spans of a batch as requests. The spans of a trace go together, since a store keeps them as one fragment;
 * spans with the same resource and scope share one copy of these.
 * @param spans of one TracesData.
 */
export function requestsOf(spans: readonly PlacedSpan[]): WriteRequest[] {
  const { share, place } = createSharing();
  const traces = new Map<string, Map<SpanGroup, PlacedSpan[]>>();
  for (const span of spans) {
    const groups = traces.get(span.traceId) ?? new Map<SpanGroup, PlacedSpan[]>();
    traces.set(span.traceId, groups);
    const group = share(span.group);
    const together = groups.get(group);
    if (together === undefined) groups.set(group, [span]);
    else together.push(span);
  }
  const requests: WriteRequest[] = [];
  let writer = new FragmentWriter();
  let bytes = 0;
  const finish = (): void => {
    if (writer.spanCount > 0) requests.push({ encoded: writer.encode(), spanCount: writer.spanCount });
    writer = new FragmentWriter();
    bytes = 0;
  };
  for (const groups of traces.values()) {
    for (const [group, together] of [...groups].sort(([a], [b]) => place(a) - place(b))) {
      for (const span of together) {
        const size = span.end - span.start + group.resource.encoded.length + group.scope.encoded.length;
        if (writer.spanCount > 0 && bytes + size > maxRequestBytes) finish();
        writer.add(group, span.start, span.end);
        bytes += size;
      }
    }
  }
  finish();
  return requests;
}

/** Finds for each group the first group with the same resource and scope. */
function createSharing() {
  const resources = new Map<string, { readonly resource: SpanGroup["resource"]; readonly place: number }>();
  const known = new Map<string, SpanGroup>();
  const places = new Map<SpanGroup, number>();
  const seen = new Map<SpanGroup, SpanGroup>();
  const share = (group: SpanGroup): SpanGroup => {
    const before = seen.get(group);
    if (before !== undefined) return before;
    const resourceKey = textOf(group.bytes, group.resource.raw);
    const { resource, place } = resources.get(resourceKey) ?? {
      resource: group.resource,
      place: resources.size,
    };
    resources.set(resourceKey, { resource, place });
    const key = `${resourceKey.length}:${resourceKey}${textOf(group.bytes, group.scope.raw)}`;
    const shared = known.get(key) ?? { ...group, resource, spans: [] };
    known.set(key, shared);
    places.set(shared, place);
    seen.set(group, shared);
    return shared;
  };
  const place = (group: SpanGroup): number => places.get(group) ?? 0;
  return { share, place };
}

function textOf(bytes: Uint8Array, raw: readonly number[]): string {
  let text = "";
  for (let i = 0; i < raw.length; i += 2) {
    const start = raw[i] as number;
    text += Buffer.from(bytes.buffer, bytes.byteOffset + start, (raw[i + 1] as number) - start).toString(
      "latin1",
    );
  }
  return text;
}
