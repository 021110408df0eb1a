import { SpanStoreError } from "../errors/errors.js";
import { textForm } from "../model/text-form.js";
import { spanKindWord } from "../model/trace.js";
import { attributeLookup, firstValueOf } from "../otlp/attribute-lookup.js";
import type { SpanView } from "../otlp/span-view.js";
import { wordOf } from "./filter/language/fields.js";
import { parseTraceQl } from "./traceql/parse-traceql.js";

/** A label of a metric. `read` returns its value on a span; empty when the span lacks the attribute. */
export interface MetricLabel {
  readonly name: string;
  /** Whether it is a field, which rollups keep. */
  readonly isField: boolean;
  readonly read: (span: SpanView) => string;
}

const fields: Readonly<Record<string, (span: SpanView) => string>> = {
  service: (span) => span.resource.serviceName,
  operation: (span) => span.name,
  kind: (span) => spanKindWord(span.kind),
  status: (span) => wordOf("status", span.statusCode),
};

/** The label of a field; undefined for any other name. */
export function fieldLabel(name: string): MetricLabel | undefined {
  const read = Object.hasOwn(fields, name) ? fields[name] : undefined;
  return read && { name, isField: true, read };
}

/**
 * The label of an attribute in TraceQL's spelling.
 * @throws INVALID_QUERY naming `path` when the text is no attribute.
 */
export function attributeLabel(name: string, path: string): MetricLabel {
  const { key, level } = readAttribute(name, path);
  const lookup = attributeLookup(key);
  const ofSpan = (span: SpanView) => span.attribute(lookup);
  const ofResource = (span: SpanView) => firstValueOf(key, span.resource.attributes);
  const read = {
    span: ofSpan,
    resource: ofResource,
    either: (span: SpanView) => ofSpan(span) ?? ofResource(span),
  }[level];
  return {
    name,
    isField: false,
    read: (span) => {
      const value = read(span);
      return value === undefined ? "" : textForm(value);
    },
  };
}

function readAttribute(name: string, path: string): { key: string; level: "span" | "resource" | "either" } {
  const [argument] = parseExists(name, path)?.args ?? [];
  if (argument !== undefined && "attr" in argument) {
    const { key, level = "either" } = argument.attr;
    if (level === "span" || level === "resource" || level === "either") return { key, level };
  }
  throw new SpanStoreError("INVALID_QUERY", `${path} is ${JSON.stringify(name)}, which is no label`, {
    field: path,
    hint: `allowed are ${Object.keys(fields).join(", ")}, and attributes such as span.http.route, resource.k8s.pod.name and .http.route`,
  });
}

/** Parses the name as TraceQL; undefined unless it is a single reference. */
function parseExists(name: string, path: string) {
  try {
    const filter = parseTraceQl(`{ ${name} != nil }`, path);
    return filter.op === "exists" && filter.args.length === 1 ? filter : undefined;
  } catch {
    return undefined;
  }
}
