import { SpanStoreError } from "@spanstore/core";
import { encodeTraces, parseGroups, partsOfJson } from "@spanstore/core/otlp";
import { isObject, known, type ReadSpans } from "./read-spans.js";

/** The number of spans that are encoded together. */
const together = 512;

/** The names of the lists of spans in a ResourceSpans. */
const scopeNames = [
  "scopeSpans",
  "scope_spans",
  "instrumentationLibrarySpans",
  "instrumentation_library_spans",
];

export function isResourceSpans(json: unknown): boolean {
  return isObject(json) && scopeNames.some((name) => Array.isArray(json[name]));
}

/** The spans of a ResourceSpans in OTLP's JSON. */
export function* readResourceSpans(json: unknown, path: string): Generator<ReadSpans, void, undefined> {
  const unknown = new Set<string>();
  let isEmpty = true;
  const parts = partsOfJson(json, {
    path,
    together,
    unknown: (message, name) => {
      // A value of an unknown kind would be lost, so its span is refused.
      if (message === "value") {
        throw new SpanStoreError("INVALID_TRACES", `${name} is no kind of value that OTLP has`, {
          field: "",
        });
      }
      unknown.add(`${message}.${name}`);
    },
  });
  for (const part of parts) {
    isEmpty = false;
    if ("error" in part) yield part;
    else yield* encoded([part.resourceSpans], part.spans);
  }
  const strange = [...unknown].filter((name) => /^(resourceSpans|scopeSpans)\./.test(name));
  if (isEmpty && strange.length > 0) {
    const names = strange.map((name) => name.slice(name.indexOf(".") + 1)).join(", ");
    yield {
      error: new SpanStoreError(
        "INVALID_TRACES",
        `${path === "" ? "" : `${path}: `}no spans, but ${names}, which OTLP does not know; its spans are in scopeSpans[].spans[]`,
      ),
      spans: 0,
    };
    return;
  }
  if (isEmpty) yield note("empty", "resourceSpans");
  for (const name of unknown) yield note("unknown", name);
}

function* encoded(
  resourceSpans: Parameters<typeof encodeTraces>[0]["resourceSpans"],
  spans: number,
): Generator<ReadSpans, void, undefined> {
  try {
    yield { encoded: encodeTraces({ resourceSpans }), spans };
  } catch (error) {
    yield { error: known(error), spans };
  }
}

/** The spans of an encoded TracesData, with their bytes unchanged. */
export function* readMessage(bytes: Uint8Array): Generator<ReadSpans, void, undefined> {
  try {
    const groups = parseGroups(bytes);
    const spans = groups.reduce((sum, group) => sum + group.spans.length / 2, 0);
    if (spans > 0) yield { encoded: bytes, spans };
    else yield note("empty", "messages");
  } catch (error) {
    yield { error: known(error), spans: 0 };
  }
}

function note(kind: "empty" | "unknown", name: string): ReadSpans {
  return { note: { kind, name } };
}
