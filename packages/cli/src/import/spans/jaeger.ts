import { otlpOfJaegerJson, spansOfDocuments } from "@spanstore/jaeger";
import { type JsonObject, known, type ReadSpans, refused, within } from "./read-spans.js";

/** Jaeger's default replacement for dots in the names of tags that are fields. */
const dotReplacement = "@";

/** The spans of a trace in the JSON of Jaeger's /api/traces. */
export function* readJaegerTrace(json: JsonObject, path: string): Generator<ReadSpans, void, undefined> {
  const id = typeof json.traceID === "string" ? `trace ${json.traceID}` : "";
  const place = [path, id].filter((part) => part !== "").join(", ");
  let isEmpty = true;
  try {
    for (const span of otlpOfJaegerJson(json)) {
      isEmpty = false;
      yield span instanceof Uint8Array
        ? { encoded: span, spans: 1 }
        : { error: within(place, span.error), spans: 1 };
    }
  } catch (error) {
    yield { error: within(place, known(error)), spans: 0 };
    return;
  }
  if (isEmpty) yield { note: { kind: "empty", name: "traces" } };
}

/** The span of a document of Jaeger's Elasticsearch storage, in the form of Elasticsearch's dumps and answers. */
export function* readJaegerDocument(json: JsonObject, path: string): Generator<ReadSpans, void, undefined> {
  const { _index: index, _id: id, _source: source } = json;
  const document = { index: String(index ?? ""), id: String(id ?? ""), source: source as JsonObject };
  const { encoded, unusable } = spansOfDocuments([document], dotReplacement);
  const [wrong] = unusable;
  const place = id === undefined ? path : `document ${document.index}/${document.id}`;
  if (wrong === undefined) yield { encoded, spans: 1 };
  else yield refused(place, wrong.reason);
}
