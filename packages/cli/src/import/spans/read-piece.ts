import { parseExactly } from "@spanstore/jaeger";
import type { JsonPiece } from "../json/places.js";
import { readJaegerDocument, readJaegerTrace } from "./jaeger.js";
import { isResourceSpans, readResourceSpans } from "./otlp.js";
import { isObject, type JsonObject, known, type ReadSpans, refused, within } from "./read-spans.js";
import { isZipkinSpan, readZipkinSpans } from "./zipkin.js";

/**
 * Reads the spans of one piece of a file: OTLP's JSON, a trace of Jaeger's, spans of Zipkin's, or an object around them. A
 * fault in one span does not affect the others.
 */
export function* readPiece({ place, path, text }: JsonPiece): Generator<ReadSpans, void, undefined> {
  if (place === "resourceMetrics" || place === "resourceLogs" || place === "resourceProfiles") {
    yield { note: { kind: "signal", name: place } };
    return;
  }
  let json: unknown;
  try {
    json = parseExactly(text);
  } catch (error) {
    yield { error: within(path, known(error)), spans: 0 };
    return;
  }
  if (place === "resourceSpans") yield* readResourceSpans(json, path);
  else if (place === "frame") yield* failuresIn(json);
  else yield* readValue(json, path);
}

/** The readers of lists of spans, by name. */
const lists: Readonly<
  Record<string, (json: unknown, path: string) => Generator<ReadSpans, void, undefined>>
> = {
  resourceSpans: readResourceSpans,
  resource_spans: readResourceSpans,
  batches: readResourceSpans,
  data: readValue,
  hits: readValue,
};

const holders = ["result", "trace", "data", "hits"];

const signals: Readonly<Record<string, string>> = {
  resourceMetrics: "resourceMetrics",
  resource_metrics: "resourceMetrics",
  scopeMetrics: "resourceMetrics",
  resourceLogs: "resourceLogs",
  resource_logs: "resourceLogs",
  scopeLogs: "resourceLogs",
  resourceProfiles: "resourceProfiles",
  resource_profiles: "resourceProfiles",
};

function* readValue(json: unknown, path: string): Generator<ReadSpans, void, undefined> {
  if (Array.isArray(json)) {
    if (json.some(isZipkinSpan)) yield* readZipkinSpans(json, path);
    else for (const [i, item] of json.entries()) yield* readValue(item, `${path}[${i}]`);
    return;
  }
  if (!isObject(json)) {
    yield refused(path, `it is ${json === null ? "null" : `a ${typeof json}`}, and no object of spans`);
  } else if (Array.isArray(json.spans)) {
    if (isObject(json.scope) || json.spans.some(isOtlpSpan))
      yield* readResourceSpans({ scopeSpans: [json] }, path);
    else yield* readJaegerTrace(json, path);
  } else if (isResourceSpans(json)) {
    yield* readResourceSpans(json, path);
  } else if (isZipkinSpan(json)) {
    yield* readZipkinSpans([json], path);
  } else if (isObject(json._source)) {
    yield* readJaegerDocument(json, path);
  } else if (typeof json.traceID === "string" && "spanID" in json) {
    // Only Jaeger's documents for Elasticsearch have milliseconds.
    if ("startTimeMillis" in json) yield* readJaegerDocument({ _source: json }, path);
    else yield* readJaegerTrace({ spans: [json], processes: {} }, path);
  } else {
    yield* readHolder(json, path);
  }
}

function* readHolder(json: JsonObject, path: string): Generator<ReadSpans, void, undefined> {
  let isKnown = false;
  for (const [name, value] of Object.entries(json)) {
    const inner = path === "" ? name : `${path}.${name}`;
    const read = lists[name];
    if (read !== undefined && Array.isArray(value)) {
      isKnown = true;
      for (const [i, item] of value.entries()) yield* read(item, `${inner}[${i}]`);
    } else if (holders.includes(name) && isObject(value)) {
      isKnown = true;
      yield* readValue(value, inner);
    } else if (Object.hasOwn(signals, name)) {
      isKnown = true;
      yield { note: { kind: "signal", name: signals[name] as string } };
    }
  }
  for (const failure of failuresOf(json)) {
    isKnown = true;
    yield failure;
  }
  if (isKnown || isEmptyAnswer(json)) return;
  const names = Object.keys(json).slice(0, mostNamesShown).join(", ");
  yield refused(
    path,
    `it holds ${names}, and neither OTLP's resourceSpans nor the spans of Jaeger or Zipkin`,
  );
}

const mostNamesShown = 8;

function isOtlpSpan(json: unknown): boolean {
  return isObject(json) && ("traceId" in json || "trace_id" in json);
}

/** Whether an answer or a line has no content. */
function isEmptyAnswer(json: JsonObject): boolean {
  return Object.entries(json).every(
    ([name, value]) =>
      value === null ||
      name === "partialSuccess" ||
      name === "metrics" ||
      (["total", "limit", "offset"].includes(name) && typeof value === "number") ||
      (name === "errors" && Array.isArray(value)),
  );
}

/** The errors in an answer: Jaeger's list, or the single one of its /api/v3. */
function* failuresOf(json: JsonObject): Generator<ReadSpans, void, undefined> {
  const { errors, error } = json;
  for (const each of [...(Array.isArray(errors) ? errors : []), ...(isAbsent(error) ? [] : [error])]) {
    yield { note: { kind: "failure", text: failureText(each) } };
  }
}

/** The errors of a document, at every level that may hold its lists. */
function* failuresIn(json: unknown): Generator<ReadSpans, void, undefined> {
  if (!isObject(json)) return;
  yield* failuresOf(json);
  for (const name of holders) yield* failuresIn(json[name]);
}

function failureText(error: unknown): string {
  if (!isObject(error)) return String(error);
  const { msg, message, code, httpCode, traceID } = error;
  const said = msg ?? message;
  const parts = [
    typeof said === "string" ? said : JSON.stringify(error),
    ...[code ?? httpCode].filter((each) => !isAbsent(each)).map((each) => `code ${each}`),
    ...[traceID].filter((each) => typeof each === "string" && each !== "").map((each) => `trace ${each}`),
  ];
  return parts.join(", ");
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}
